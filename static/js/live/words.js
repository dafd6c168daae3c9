// What the page says: beside the picture, on it, and to screen readers.

/** Milliseconds for which a passing remark stays. */
const REMARK = 6000;

let remarkUntil = 0;

/**
 * @template {Element} T
 * @param {string} id
 * @returns {T}
 */
export const byId = (id) => /** @type {T} */ (/** @type {unknown} */ (document.getElementById(id)));

/** @param {string} words */
export function complain(words) {
  const place = byId("live-problem");
  place.textContent = words;
  place.toggleAttribute("hidden", !words);
}

/** @param {string} words */
export function hint(words) {
  const place = byId("live-hint");
  if (place.textContent === words) return;
  place.textContent = words;
  place.toggleAttribute("hidden", !words);
}

/** @param {string} words */
export function remark(words) {
  remarkUntil = performance.now() + REMARK;
  hint(words);
  say(words);
}

/** @param {string} words */
export function say(words) {
  byId("live-status").textContent = words;
}

/** Return whether a passing remark still stands there. */
export function isRemarking() {
  return performance.now() < remarkUntil;
}

/** @param {number} seconds */
export function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  const rest = `${seconds % 60} s`;
  return minutes ? `${minutes} min ${rest}` : rest;
}
