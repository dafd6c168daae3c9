// What a press of a key or of a button means, besides what browsers make of it.

const AGAIN_AFTER = 30_000;

/**
 * Return whether a key presses a link that looks like a button: the space bar presses buttons.
 *
 * @param {{ key: string, repeat?: boolean, target: any }} event
 */
export function isPress({ key, repeat, target }) {
  return key === " " && !repeat && Boolean(target?.matches?.('a[role="button"]'));
}

/** @type {Set<object>} */
const sent = new Set();

/**
 * Return whether a form was sent just before, so that this is the second click of two.
 *
 * @param {object} form
 */
export function isSecond(form) {
  if (sent.has(form)) return true;
  sent.add(form);
  // The person may have stopped the first one.
  setTimeout(() => sent.delete(form), AGAIN_AFTER);
  return false;
}

/** Forget what was sent: the page was left and is shown again. */
export const forgetSent = () => sent.clear();
