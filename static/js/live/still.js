// A still: one picture of the camera, sent as an ordinary photo because the person asked for it.

import { refusalOf } from "../refusals.js";
import { snapshot } from "../snapshot.js";
import { presentToken } from "./keep.js";
import { byId } from "./words.js";

/** Why a still was not taken into the history. */
export class RefusedError extends Error {
  /**
   * @param {string} sentence
   * @param {{ address: string, label: string }} [first] what must be done before it is sent again
   */
  constructor(sentence, first) {
    super(sentence);
    this.first = first;
  }
}

/**
 * Send a still, and say below the picture what became of it.
 * @param {HTMLButtonElement} button
 * @param {HTMLVideoElement} video
 * @param {string} address of uploads
 * @param {string} token against forged requests
 */
export async function take(button, video, address, token) {
  button.disabled = true;
  const note = byId("live-still-note");
  note.textContent = "Sending the still…";
  try {
    const picture = await snapshot(video);
    const page = await send(picture, address, presentToken(document.cookie, token), document.body.dataset.person);
    note.replaceChildren("The still is in your history. ", linkTo(page, "Open it in a new tab"));
  } catch (problem) {
    const { first, message } = problem instanceof RefusedError ? problem : new RefusedError("Try again.");
    const words = first ? [linkTo(first.address, `${first.label} (opens a new tab)`), ", then take it again."] : [message];
    note.replaceChildren("The still could not be sent. ", ...words);
  }
  button.disabled = false;
  // A disabled button lost the focus, which may have gone elsewhere since.
  if (document.activeElement === document.body) button.focus();
}

/**
 * @param {string} address
 * @param {string} text
 */
function linkTo(address, text) {
  const link = document.createElement("a");
  [link.href, link.target, link.textContent] = [address, "_blank", text];
  return link;
}

/**
 * Send a still. Returns the address of its page. Raises RefusedError, and TypeError where no answer comes.
 * @param {File} picture
 * @param {string} address of uploads
 * @param {string} token against forged requests, of the latest log-in
 * @param {string} [person] whose page this is: somebody else may have logged in meanwhile
 * @returns {Promise<string>}
 */
export async function send(picture, address, token, person = "") {
  const form = new FormData();
  form.append("images", picture);
  form.append("source", "camera");
  form.append("csrfmiddlewaretoken", token);
  form.append("person", person);
  const answer = await fetch(address, { method: "POST", body: form, headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || answer.redirected) {
    const { again, first, sentence } = refusalOf(answer.status, answer.url);
    throw new RefusedError(again ? "Try again." : sentence, first);
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const link = page.querySelector('a[href^="/photos/"]');
  if (!link) throw new RefusedError(page.querySelector(".is-rejected .small")?.textContent ?? "Try again.");
  return link.getAttribute("href") ?? "";
}
