import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { forgetSent, isSecond } from "../../../static/js/presses.js";

test("a second click sends nothing, until the page is shown again or half a minute has passed", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const [form, other] = [{}, {}];
  assert.deepEqual([form, form, other].map(isSecond), [false, true, false]);
  forgetSent();
  assert.deepEqual([form, form].map(isSecond), [false, true]);
  mock.timers.tick(30_000);
  assert.equal(isSecond(form), false);
});
