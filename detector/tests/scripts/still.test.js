// A still of the camera is sent while other things happen to the session.
import assert from "node:assert/strict";
import { test } from "node:test";

import { RefusedError, send } from "../../../static/js/live/still.js";

const UPLOAD = "https://example.org/upload/";
const PICTURE = new File(["x"], "Camera.jpg");
const sent = [];

const answering = (answer, found = {}) => {
  globalThis.fetch = async (address, { body }) => { sent.push(body); return { text: async () => "", ok: true, ...answer }; };
  globalThis.DOMParser = class {
    parseFromString() { return { querySelector: (selector) => found[selector] ?? null }; }
  };
};
const refused = async () => {
  try {
    return await send(PICTURE, UPLOAD, "token", "me");
  } catch (error) {
    assert.ok(error instanceof RefusedError);
    return [error.message, error.first?.label];
  }
};

test("a still says whose it is, and leads to its page", async () => {
  answering({ status: 200, url: UPLOAD }, { 'a[href^="/photos/"]': { getAttribute: () => "/photos/1/" } });
  assert.equal(await send(PICTURE, UPLOAD, "token", "me"), "/photos/1/");
  assert.deepEqual(["person", "csrfmiddlewaretoken", "source"].map((name) => sent[0].get(name)), ["me", "token", "camera"]);
});

test("why a still was not taken is said", async () => {
  answering({ status: 200, redirected: true, url: "https://example.org/accounts/login/?next=/upload/" });
  assert.equal((await refused())[1], "Log in");
  answering({ status: 409, ok: false, url: UPLOAD });
  assert.match((await refused())[0], /Somebody else is logged in/);
  answering({ status: 503, ok: false, url: UPLOAD });
  assert.deepEqual(await refused(), ["Try again.", undefined]);
  answering({ status: 200, url: UPLOAD }, { ".is-rejected .small": { textContent: "You have 5 photos already." } });
  assert.deepEqual(await refused(), ["You have 5 photos already.", undefined]);
});
