// What is said where the server did not take a photo, and whether a photo or video can be sent again.

/**
 * @typedef {object} Refusal
 * @property {string} sentence
 * @property {boolean} again Whether the same file may be taken another time. Only the page has it.
 * @property {{ address: string, label: string }} [first] what must be done before that
 */

const LOG_IN = { address: "/accounts/login/?next=/upload/", label: "Log in" };
const AGREE = { address: "/consent/?next=/upload/", label: "Read the text" };

/**
 * Return what is said of an answer that is not the card of a photo.
 * @param {number} status of the answer, after redirects; 0 where none came
 * @param {string} address that answered
 * @returns {Refusal}
 */
export function refusalOf(status, address) {
  if (status === 0) return { sentence: "The connection was lost before the file was sent.", again: true };
  if (status === 409) return { sentence: "Somebody else is logged in here now. Load the page anew.", again: false };
  if (status === 413) return { sentence: "This file is too large to be sent.", again: false };
  if (status === 403) return { sentence: "Your session has changed. Send the file again.", again: true };
  if (status === 429) return { sentence: "Too many uploads at once. Wait a minute, then try again.", again: true };
  if (status === 408) return { sentence: "The connection was too slow. Send the file again.", again: true };
  if (status >= 500) return { sentence: "Something went wrong on our side. Try again in a moment.", again: true };
  if (status !== 200) return { sentence: "This file was not accepted.", again: false };
  if (new URL(address).pathname === "/consent/") {
    return { sentence: "There is a new text to agree to. Agree to it, then send the file again.", again: true, first: AGREE };
  }
  return { sentence: "You are logged out. Log in, then send the file again.", again: true, first: LOG_IN };
}

/**
 * Return whether a part of a video may be taken some seconds later.
 * @param {number} status of the answer; 0 where none came
 * @param {string | undefined} code of the error
 */
export function mayPass(status, code) {
  // Another place to go on from passes; too many unfinished uploads do not.
  return !status || status >= 500 || [423, 429].includes(status) || (status === 409 && code !== "too_many_uploads");
}
