// A still: one picture of the camera, sent as an ordinary photo because the person asked for it.

import { byId } from "./words.js";

const JPEG_QUALITY = 0.92;

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
    const link = document.createElement("a");
    link.href = await send(video, address, token);
    link.target = "_blank";
    link.textContent = "Open it in a new tab";
    note.replaceChildren("The still is in your history. ", link);
  } catch {
    note.textContent = "The still could not be sent. Try again.";
  }
  button.disabled = false;
  button.focus();
}

/**
 * Send a still. Returns the address of its page, or of the history.
 * @param {HTMLVideoElement} video
 * @param {string} address of uploads
 * @param {string} token against forged requests
 * @returns {Promise<string>}
 */
async function send(video, address, token) {
  const form = new FormData();
  form.append("images", await jpegOf(video), `Camera ${stamp(new Date())}.jpg`);
  form.append("source", "camera");
  form.append("csrfmiddlewaretoken", token);
  const answer = await fetch(address, { method: "POST", body: form, headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const link = page.querySelector('a[href^="/photos/"]');
  if (!link) throw new Error(page.body.textContent?.trim() ?? "");
  return link.getAttribute("href") ?? "";
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Promise<Blob>}
 */
function jpegOf(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return new Promise((done, failed) => {
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/jpeg", JPEG_QUALITY);
  });
}

/**
 * Return a moment in local time, as it stands in the name of a file.
 * @param {Date} moment
 */
export function stamp(moment) {
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(":", "-").replace("T", " ");
}
