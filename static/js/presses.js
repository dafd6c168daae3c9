// What a press of a key or of a button means, besides what browsers make of it.

/** Milliseconds in which a second click belongs to the first. */
const DOUBLE_CLICK = 1000;
/** The same where the answer is shown once, and slow: an impatient click would lose it. */
const ONCE = 30_000;

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
 * Return whether a form was sent by the same button just before: the second click of two.
 *
 * @param {{ target: any, submitter: object | null }} event
 */
export function isSecond({ target, submitter }) {
  const button = submitter ?? target;
  if (sent.has(button)) return true;
  sent.add(button);
  // The person may have stopped the first one.
  setTimeout(() => sent.delete(button), "once" in target.dataset ? ONCE : DOUBLE_CLICK);
  return false;
}

/** Forget what was sent: the page was left and is shown again. */
export const forgetSent = () => sent.clear();
