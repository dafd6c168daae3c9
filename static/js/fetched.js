// What a page fetches for itself: the person is told where it does not come.

import { sayError } from "./notices.js";

/**
 * Fetch an address and read the answer. Returns null, after a notice, where that fails.
 *
 * @template T
 * @param {string} address
 * @param {(answer: Response) => Promise<T>} read
 * @param {"person" | "page"} asker
 * @returns {Promise<T | null>}
 */
export async function fetched(address, read, asker = "person") {
  try {
    const answer = await fetch(address);
    if (answer.ok && !answer.redirected) return await read(answer);
    sayError(sentenceOf(answer), asker);
  } catch {
    sayError("The server cannot be reached. Check your connection and load the page anew.", asker);
  }
  return null;
}

/**
 * @param {{ status: number, redirected: boolean }} answer
 * @returns {string}
 */
export function sentenceOf({ status, redirected }) {
  if (redirected) return "You are no longer logged in. Load the page anew.";
  if (status === 404) return "This was deleted, or has changed. Load the page anew.";
  return "The server did not answer as expected. Try again in a moment.";
}
