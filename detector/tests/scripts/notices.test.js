// Notices at the top of a page: who pressed something is led to them, nobody else is moved.
import assert from "node:assert/strict";
import { test } from "node:test";

import { showNotices } from "../../../static/js/notices.js";

function placed() {
  const shown = [];
  let scrolled = 0;
  const place = {
    dataset: {},
    hasChildNodes: () => shown.length > 0,
    replaceChildren: (...elements) => shown.splice(0, shown.length, ...elements),
    scrollIntoView: () => { scrolled += 1; },
  };
  globalThis.document = { getElementById: () => place };
  return { place, shown, scrolls: () => scrolled };
}

test("what a page noticed by itself is said once and moves nobody", () => {
  const { place, shown, scrolls } = placed();
  const [first, second] = [{ textContent: "Lost." }, { textContent: " Lost. " }];
  showNotices([first], "page");
  showNotices([second], "page");
  assert.deepEqual([shown, scrolls(), place.dataset.asker], [[first], 0, "page"]);
});

test("whoever pressed something sees each answer", () => {
  const { shown, scrolls } = placed();
  const [first, second] = [{ textContent: "Lost." }, { textContent: "Lost." }];
  showNotices([first], "person");
  showNotices([second], "person");
  assert.deepEqual([shown, scrolls()], [[second], 2]);
});
