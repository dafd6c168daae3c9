// The camera and the worker of a live session: what comes late, and what does not come.
import assert from "node:assert/strict";
import { test } from "node:test";

import { freshPictures, startIfWanted, wordsFor } from "../../../static/js/live/camera.js";
import { Engine } from "../../../static/js/live/engine.js";

test("an answer goes to the session that asked, also after its end", async () => {
  const worker = new EventTarget();
  const asked = [];
  worker.postMessage = (message) => asked.push(message);
  const answer = (data) => worker.dispatchEvent(Object.assign(new Event("message"), { data }));
  const engine = new Engine(worker);
  const first = engine.look("picture");
  const second = engine.look("picture");
  await null;
  assert.deepEqual(asked.map(({ id }) => id), [1]);
  answer({ kind: "error", message: "of the first" });
  await assert.rejects(first, /of the first/);
  await null;
  answer({ kind: "faces", id: asked[1].id });
  assert.equal((await second).id, 2);
});

test("a session that is over asks the video for no picture", async () => {
  const waiting = [];
  let isOver = false;
  const next = freshPictures({ requestVideoFrameCallback: (note) => waiting.push(note) }, () => isOver);
  waiting.pop()();
  await next();
  assert.equal(waiting.length, 1);
  isOver = true;
  waiting.pop()();
  await next();
  assert.equal(waiting.length, 0);
});

test("each trouble with the camera has its own words", () => {
  const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError", "AbortError", "SecurityError", "Other"];
  const words = names.map((name) => wordsFor(new DOMException("", name)));
  assert.equal(new Set(words).size, names.length);
});

test("a camera that comes after the stop is stopped, too", async () => {
  const stopped = [];
  const stream = { getTracks: () => [{ stop: () => stopped.push(true) }] };
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { mediaDevices: { getUserMedia: async () => stream } } });
  assert.equal(await startIfWanted("", 640, () => true), stream);
  assert.equal(stopped.length, 0);
  assert.equal(await startIfWanted("", 640, () => false), null);
  assert.equal(stopped.length, 1);
  if (before) Object.defineProperty(globalThis, "navigator", before);
  else delete globalThis.navigator;
});
