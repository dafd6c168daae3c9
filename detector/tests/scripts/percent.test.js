import assert from "node:assert/strict";
import { test } from "node:test";
import { percent } from "../../../static/js/percent.js";

test("nothing but certainty is called 0 or 100 percent", () => {
  const said = [0, 0.004, 0.006, 0.42, 0.994, 0.996, 1].map(percent);
  assert.deepEqual(said, ["0 %", "<1 %", "1 %", "42 %", "99 %", ">99 %", "100 %"]);
});
