// Playing fails in two ways: somebody ended the attempt, or the video cannot be played.
import assert from "node:assert/strict";
import { test } from "node:test";

import { play } from "../../../static/js/playback.js";

const failing = (error) => ({ play: async () => { throw error; } });

test("an attempt that was ended is no error", async () => {
  await play(failing(new DOMException("interrupted by pause()", "AbortError")));
  await play({ play: async () => {} });
});

test("a video that cannot be played is one", async () => {
  for (const error of [new DOMException("", "NotSupportedError"), new TypeError("no video")]) {
    await assert.rejects(play(failing(error)), error);
  }
});
