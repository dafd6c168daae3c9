// Sends the chosen video in parts, by tus, and goes on where a lost connection cut it off. Without
// this script, or without the library, the form sends the video in one request.

import { choose, idOf } from "./earlier_uploads.js";
import { announce } from "./notices.js";
import { percent } from "./percent.js";
import { mayPass } from "./refusals.js";

const RETRY_DELAYS = [0, 1000, 3000, 5000, 10_000, 20_000];
// Share of the video after which screen readers are told how far it is.
const ANNOUNCED = 0.25;

const tus = globalThis.tus;
const form = document.getElementById("video-form");
const input = document.getElementById("video-input");
const sending = document.getElementById("sending");
const bar = document.getElementById("sent");
const note = document.getElementById("sending-note");
const problem = document.getElementById("problem");
const goOn = document.getElementById("go-on");
const maxMegabytes = Number(form.dataset.maxMegabytes);
// Addresses of the uploads that the server still has.
const known = new Set(form.dataset.unfinished.split(" "));
let upload = null;
let busy = false;
let announced = 0;

if (tus?.isSupported) begin();

function begin() {
  document.getElementById("send").hidden = true;
  const sendChosen = () => { if (input.files.length) send(input.files[0]); };
  input.addEventListener("change", sendChosen);
  // Somebody may choose before this script comes.
  sendChosen();
  goOn.addEventListener("click", resume);
  window.addEventListener("online", () => {
    if (!goOn.hidden) resume();
  });
  window.addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });
}

async function send(file) {
  upload?.abort();
  [problem.hidden, goOn.hidden] = [true, true];
  if (file.size > maxMegabytes * 2 ** 20) return fail(`This file is larger than ${maxMegabytes} MB.`);
  upload = new tus.Upload(file, {
    endpoint: form.dataset.uploads,
    chunkSize: Number(form.dataset.partBytes),
    retryDelays: RETRY_DELAYS,
    removeFingerprintOnSuccess: true,
    metadata: { filename: file.name, forget: form.querySelector("#forget").checked ? "yes" : "no" },
    headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    onUploadUrlAvailable: () => known.add(idOf(upload.url)),
    onProgress: show,
    onShouldRetry: retries,
    onError: stop,
    onSuccess: ({ lastResponse }) => {
      busy = false;
      location.assign(form.dataset.video.replace("0", lastResponse.getHeader("Upload-Video")));
    },
  });
  const earlier = await found(upload);
  if (earlier) upload.resumeFromPreviousUpload(earlier);
  start(earlier ? "Going on where it was cut off" : "Sending");
  return undefined;
}

/** Return an earlier upload of the same file to go on with; forget those that are gone. */
async function found(upload) {
  const { gone, usable } = choose(await upload.findPreviousUploads(), known, upload.options.metadata.forget);
  await forget(gone);
  return usable;
}

async function forget(all) {
  for (const one of all) await upload.options.urlStorage.removeUpload(one.urlStorageKey);
}

function resume() {
  const hadFocus = document.activeElement === goOn;
  [problem.hidden, goOn.hidden] = [true, true];
  start("Going on where it was cut off");
  if (hadFocus) sending.focus();
}

function start(sentence) {
  [sending.hidden, busy] = [false, true];
  announced = 0;
  tell(sentence);
  upload.start();
}

function show(sent, total) {
  bar.value = sent / total;
  if (sent >= total) {
    tell("Checking the video");
    return;
  }
  note.textContent = `Sending: ${megabytes(sent)} of ${megabytes(total)}`;
  if (sent / total >= announced + ANNOUNCED) {
    announced = Math.floor(sent / total / ANNOUNCED) * ANNOUNCED;
    announce(`${percent(announced)} sent`);
  }
}

/** Say a sentence beside the bar, and to screen readers. */
function tell(sentence) {
  note.textContent = sentence;
  announce(sentence);
}

function retries(error) {
  const status = statusOf(error);
  // Offline it waits for the network instead.
  const willTry = navigator.onLine && mayPass(status, toldBy(error)?.code);
  if (willTry) tell(`${status ? "The server cannot take it now." : "The connection was lost."} Trying again.`);
  return willTry;
}

async function stop(error) {
  const status = statusOf(error);
  const told = toldBy(error);
  if (status === 401) return pause("You are no longer logged in. Log in again and choose the same file: the upload goes on.");
  if (status === 403 && told?.code !== "quota_exceeded") return pause("Your session has changed. Load the page anew and choose the same file: the upload goes on.");
  if (mayPass(status, told?.code)) return pause(told?.message ?? "The connection was lost. The upload goes on where it was cut off.", true);
  // What is too much for the account says nothing of an earlier upload of this file.
  if (status !== 403 && status !== 409) await forget(await upload.findPreviousUploads());
  if (status === 413) return fail(told?.message ?? "This file is too large to be sent.");
  return fail(told?.message ?? "This video was not accepted.");
}

/** Say why the upload stopped, and that what was sent is kept. */
function pause(sentence, canGoOn = false) {
  const hadFocus = document.activeElement === sending;
  fail(sentence);
  goOn.hidden = !canGoOn;
  if (hadFocus && canGoOn) goOn.focus();
}

function fail(sentence) {
  [sending.hidden, busy] = [true, false];
  input.value = "";
  problem.textContent = sentence;
  problem.hidden = false;
}

function toldBy(error) {
  try {
    return JSON.parse(error.originalResponse?.getBody()).error;
  } catch {
    return null;
  }
}

const statusOf = (error) => error.originalResponse?.getStatus() ?? 0;
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
