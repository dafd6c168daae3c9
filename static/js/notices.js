/**
 * Show a sentence at the top of the page, in place of an earlier one.
 *
 * @param {string} text
 */
export function sayError(text) {
  document.getElementById("notices")?.replaceChildren(noticeOf(text, "error"));
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
