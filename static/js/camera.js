// The camera of the device: a preview, a countdown, and the photo as a file. The upload script
// listens to the event "camera:photo"; this module sends nothing.

import { snapshot } from "./snapshot.js";

const COUNTDOWN = 3;

const dialog = document.getElementById("camera");
const video = document.getElementById("camera-video");
const shot = document.getElementById("camera-shot");
const count = document.getElementById("camera-count");
const status = document.getElementById("camera-status");
const problem = document.getElementById("camera-problem");
const opener = document.getElementById("open-camera");
const buttons = Object.fromEntries(
  ["take", "use", "again", "retry", "switch", "close"].map((name) => [name, document.getElementById(`camera-${name}`)]),
);

const PROBLEMS = {
  NotAllowedError: "The browser may not use the camera. Allow it in the browser's settings for this page, then try again.",
  NotFoundError: "No camera was found on this device.",
  OverconstrainedError: "No camera was found on this device.",
  NotReadableError: "The camera is in use by another program. Close that program, then try again.",
  AbortError: "The camera stopped. Try again.",
};
const INSECURE = "Browsers give the camera only to pages that are opened over HTTPS. Choose a photo instead.";
const UNKNOWN = "The camera could not be started. Choose a photo instead.";

let stream = null;
let devices = [];
let photo = null;
const FACING_THE_PERSON = { facingMode: "user" };
let wanted = FACING_THE_PERSON;
let attempt = 0;

opener.addEventListener("click", () => {
  wanted = FACING_THE_PERSON;
  dialog.showModal();
  start();
});
buttons.take.addEventListener("click", take);
buttons.use.addEventListener("click", use);
buttons.again.addEventListener("click", start);
buttons.retry.addEventListener("click", () => {
  wanted = FACING_THE_PERSON;
  start();
});
buttons.switch.addEventListener("click", () => {
  wanted = other();
  start();
});
buttons.close.addEventListener("click", () => dialog.close());
dialog.addEventListener("close", stop);

async function start() {
  stop();
  const mine = attempt;
  show("starting");
  try {
    const media = navigator.mediaDevices;
    if (!media?.getUserMedia) throw new DOMException(INSECURE, "SecurityError");
    const started = await media.getUserMedia({
      video: { ...wanted, width: { ideal: 1920 }, height: { ideal: 1440 } },
    });
    // The dialog was closed or restarted while the browser asked for permission.
    if (mine !== attempt) return end(started);
    stream = started;
    started.getVideoTracks()[0].addEventListener("ended", () => {
      if (stream === started) fail(new DOMException("", "AbortError"));
    });
    video.srcObject = stream;
    video.classList.toggle("is-mirrored", isMirror(stream));
    await video.play();
    devices = await cameras();
    if (mine === attempt) show("live");
  } catch (error) {
    if (mine === attempt) fail(error);
  }
}

async function take() {
  const mine = attempt;
  show("counting");
  for (let second = COUNTDOWN; second > 0; second -= 1) {
    count.textContent = second;
    status.textContent = String(second);
    await new Promise((done) => { setTimeout(done, 1000); });
    if (mine !== attempt) return;
  }
  count.textContent = "";
  try {
    const taken = await snapshot(video);
    if (mine === attempt) keep(taken);
  } catch (error) {
    if (mine === attempt) fail(error);
  }
}

function keep(taken) {
  photo = taken;
  shot.src = URL.createObjectURL(photo);
  end(stream);
  show("taken");
  status.textContent = "Photo taken.";
}

function use() {
  const file = photo;
  dialog.close();
  document.dispatchEvent(new CustomEvent("camera:photo", { detail: file }));
}

function stop() {
  attempt += 1;
  end(stream);
  stream = null;
  photo = null;
  video.srcObject = null;
  count.textContent = "";
  if (shot.src) URL.revokeObjectURL(shot.src);
  shot.removeAttribute("src");
  show("closed");
}

function fail(error) {
  attempt += 1;
  end(stream);
  count.textContent = "";
  problem.textContent = error.message === INSECURE ? INSECURE : PROBLEMS[error.name] ?? UNKNOWN;
  show("problem");
}

function show(state) {
  dialog.dataset.state = state;
  const taken = state === "taken";
  video.hidden = taken;
  shot.hidden = !taken;
  problem.hidden = state !== "problem";
  buttons.take.hidden = taken || state === "problem";
  buttons.take.disabled = state !== "live";
  buttons.use.hidden = buttons.again.hidden = !taken;
  buttons.retry.hidden = state !== "problem";
  buttons.switch.hidden = state !== "live" || devices.length < 2;
  const first = { live: buttons.take, taken: buttons.use, problem: buttons.retry }[state];
  first?.focus();
}

function end(media) {
  for (const track of media?.getTracks() ?? []) track.stop();
}

const isMirror = (media) => media.getVideoTracks()[0]?.getSettings().facingMode !== "environment";

async function cameras() {
  const found = await navigator.mediaDevices.enumerateDevices();
  return found.filter(({ kind }) => kind === "videoinput").map(({ deviceId }) => deviceId);
}

/** Return which camera comes next: the next of two, and on a phone with more the one on its other side. */
function other() {
  const { deviceId, facingMode } = stream.getVideoTracks()[0].getSettings();
  if (devices.length > 2 && facingMode) return { facingMode: facingMode === "user" ? "environment" : "user" };
  const next = devices[(devices.indexOf(deviceId) + 1) % devices.length];
  return { deviceId: { exact: next } };
}
