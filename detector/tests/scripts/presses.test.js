import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { forgetSent, isPress, isSecond } from "../../../static/js/presses.js";

const link = { matches: (selector) => selector === 'a[role="button"]' };

test("the space bar presses a link that looks like a button, and nothing else", () => {
  assert.equal(isPress({ key: " ", target: link }), true);
  assert.equal(isPress({ key: " ", target: link, repeat: true }), false);
  assert.equal(isPress({ key: "Enter", target: link }), false);
  assert.equal(isPress({ key: " ", target: { matches: () => false } }), false);
  assert.equal(isPress({ key: " ", target: {} }), false);
});

test("a second click sends nothing, until the page is shown again or half a minute has passed", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const [form, other] = [{}, {}];
  assert.deepEqual([form, form, other].map(isSecond), [false, true, false]);
  forgetSent();
  assert.deepEqual([form, form].map(isSecond), [false, true]);
  mock.timers.tick(30_000);
  assert.equal(isSecond(form), false);
});
