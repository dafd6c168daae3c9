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

test("a second click sends nothing, until the page is shown again or some time has passed", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const [form, submitter] = [{ dataset: {} }, {}];
  const [click, other, enter] = [{ target: form, submitter }, { target: form, submitter: {} }, { target: form, submitter: null }];
  const once = { target: { dataset: { once: "" } }, submitter: {} };
  assert.deepEqual([click, click, other, enter, once, once].map(isSecond), [false, true, false, false, false, true]);
  forgetSent();
  assert.deepEqual([click, click, once].map(isSecond), [false, true, false]);
  mock.timers.tick(1000);
  assert.deepEqual([click, once].map(isSecond), [false, true]);
  mock.timers.tick(29_000);
  assert.equal(isSecond(once), false);
});
