import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { fetched } from "../../../static/js/fetched.js";

const shown = [];

beforeEach(() => {
  shown.length = 0;
  const notices = { dataset: {}, replaceChildren: (notice) => shown.push(notice.textContent), scrollIntoView: () => {} };
  globalThis.document = { getElementById: () => notices, createElement: () => ({}) };
});

const answering = (answer) => { globalThis.fetch = async () => answer; };
const json = (answer) => answer.json();

test("what came is read, and nothing said", async () => {
  answering({ ok: true, json: async () => [1] });
  assert.deepEqual(await fetched("/x/", json), [1]);
  assert.deepEqual(shown, []);
});

test("each failure gives null and a sentence of its own", async () => {
  const page = async () => { throw new SyntaxError("<"); };
  for (const answer of [
    { ok: false, status: 404 }, { ok: false, status: 503 }, { ok: true, redirected: true },
    { ok: true, json: page },
  ]) {
    answering(answer);
    assert.equal(await fetched("/x/", json), null);
  }
  assert.equal(shown.length, 4);
  assert.equal(new Set(shown).size, 4);
  assert.match(shown[0], /deleted/);
  assert.match(shown[2], /logged in/);
});
