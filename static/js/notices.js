// What a page says by itself: sentences at its top, and announcements to screen readers.

/**
 * Show a sentence at the top of the page, in place of an earlier one.
 *
 * @param {string} text
 * @param {"person" | "page"} asker who asked for what failed
 */
export function sayError(text, asker = "person") {
  showNotices([noticeOf(text, "error")], asker);
}

/**
 * Show elements at the top of the page, in place of earlier ones. Whoever pressed something sees
 * them at once; what the page noticed by itself is said once and moves nobody.
 *
 * @param {Element[]} elements
 * @param {"person" | "page"} asker who asked for what failed
 */
export function showNotices(elements, asker) {
  const place = document.getElementById("notices");
  if (!place) return;
  const said = elements.map(({ textContent }) => textContent?.trim()).join();
  if (asker === "page" && place.dataset.said === said && place.hasChildNodes()) return;
  place.dataset.said = said;
  place.dataset.asker = asker;
  place.replaceChildren(...elements);
  if (asker === "person") place.scrollIntoView({ block: "nearest" });
}

/**
 * Return an element with a sentence for the person.
 *
 * @param {string} text
 * @param {"error" | "caution"} kind
 */
export function noticeOf(text, kind) {
  const notice = document.createElement("p");
  notice.className = `notice notice-${kind}`;
  notice.textContent = text;
  return notice;
}

/**
 * Let screen readers say something.
 *
 * @param {string} text
 */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}
