// What a person can do with a photo that was not taken.
import assert from "node:assert/strict";
import { test } from "node:test";

import { mayPass, refusalOf } from "../../../static/js/refusals.js";

const UPLOAD = "https://example.org/upload/";

test("what may be taken another time can be sent again: a photo of the camera is on the page alone", () => {
  const again = (status) => refusalOf(status, status ? UPLOAD : "").again;
  assert.deepEqual([0, 403, 408, 429, 500, 502, 503].map(again), Array(7).fill(true));
  assert.deepEqual([400, 409, 413].map(again), [false, false, false]);
});

test("a log-in and a new text to agree to are told apart", () => {
  const first = (path) => refusalOf(200, `https://example.org${path}`).first?.label;
  assert.equal(first("/accounts/login/?next=/upload/"), "Log in");
  assert.equal(first("/consent/?next=/upload/"), "Read the text");
});

test("too many unfinished uploads are said at once, and all that passes is tried again", () => {
  assert.equal(mayPass(409, "too_many_uploads"), false);
  assert.equal(mayPass(409, "wrong_offset"), true);
  assert.deepEqual([0, 423, 429, 500, 503].map((status) => mayPass(status)), Array(5).fill(true));
  assert.deepEqual([400, 401, 403, 404, 413].map((status) => mayPass(status)), Array(5).fill(false));
});
