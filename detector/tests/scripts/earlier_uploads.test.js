import assert from "node:assert/strict";
import { test } from "node:test";
import { choose } from "../../../static/js/earlier_uploads.js";

const begun = (id, forget) => ({ uploadUrl: `/api/v1/video-uploads/${id}/`, metadata: { filename: "a.mp4", forget } });

test("an upload goes on only with the wish that it began with", () => {
  const all = [begun("gone", "yes"), begun("kept", "no"), begun("forgotten", "yes")];
  const known = new Set(["kept", "forgotten"]);
  assert.deepEqual(choose(all, known, "yes"), { gone: [all[0]], usable: all[2] });
  assert.deepEqual(choose(all, known, "no"), { gone: [all[0]], usable: all[1] });
  assert.equal(choose(all.slice(0, 2), known, "yes").usable, undefined);
  assert.equal(choose([], known, "yes").usable, undefined);
});
