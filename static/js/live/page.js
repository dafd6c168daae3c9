// The live page: buttons, what stands on the picture, and the session that may be kept.
/** @import { Addresses, Constants } from "./types.js" */
/** @import { Moment } from "./session.js" */
/** @import { Emotion } from "./view.js" */
/** @import { Limits } from "./recorder.js" */
import { play } from "../playback.js";
import * as camera from "./camera.js";
import { Engine } from "./engine.js";
import { isOffered, nameOf, remind, send } from "./keep.js";
import { Session } from "./session.js";
import * as still from "./still.js";
import { badge, Bars, Boxes, Chart } from "./view.js";
import { byId, complain, duration, hint, isRemarking, remark, say } from "./words.js";

/** Milliseconds between two announcements to screen readers. */
const ANNOUNCED = 4000;
/** Milliseconds between two new figures of the rate. */
const RATE_SHOWN = 500;
/** Milliseconds without a face until the page says so. */
const LONELY = 1500;

/** @type {{ constants: Constants, addresses: Addresses, worker: string, emotions: Emotion[], limits: Limits, upload: string, zone: string }} */
const data = JSON.parse(byId("live-data").textContent ?? "");
const live = /** @type {HTMLElement} */ (byId("live"));
const stage = /** @type {HTMLElement} */ (byId("live-stage"));
const video = /** @type {HTMLVideoElement} */ (byId("live-video"));
const picker = /** @type {HTMLSelectElement} */ (byId("live-camera"));
const keep = /** @type {HTMLFormElement} */ (byId("live-keep"));
const [start, pause, mirror, take, stop] = ["start", "pause", "mirror", "still", "stop"].map(
  (name) => /** @type {HTMLButtonElement} */ (byId(`live-${name}`)),
);
const boxes = new Boxes(byId("live-boxes"), data.emotions);
const bars = new Bars(byId("live-bars"));
const token = /** @type {HTMLInputElement} */ (keep.elements.namedItem("csrfmiddlewaretoken"));
const labels = new Map(data.emotions.map(({ key, label }) => [key, label]));
/** @type {MediaStream | null} */
let stream = null;
/** @type {Engine | null} */
let engine = null;
/** @type {Promise<Engine> | null} */
let loading = null;
/** @type {Session | null} */
let session = null;
/** @type {Chart | null} */
let chart = null;
let [isMirrored, isPaused] = [true, false];
/** How often another camera was chosen. */
let changes = 0;
let [rateShownAt, announcedAt, faceSeenAt] = [0, 0, 0];
let announced = "";

live.hidden = false;

start.addEventListener("click", begin);
// Who opens this page is about to start, and who points at the button at once. The networks are 14 MB
// the first time, which somebody who saves data gets only then.
const whenIdle = globalThis.requestIdleCallback ?? setTimeout;
if (!(/** @type {any} */ (navigator).connection?.saveData)) whenIdle(() => { prepared(); });
start.addEventListener("pointerenter", prepared);
start.addEventListener("focus", prepared);
stop.addEventListener("click", finish);
pause.addEventListener("click", () => setPaused(!isPaused));
mirror.addEventListener("click", () => setMirrored(!isMirrored));
picker.addEventListener("change", change);
take.addEventListener("click", () => still.take(take, video, data.upload, token.value));
document.addEventListener("visibilitychange", () => {
  session?.pause("background", document.hidden);
  if (session) hint(document.hidden ? "Paused while this tab is in the background." : pauseWords());
});
byId("live-discard").addEventListener("click", discard);
addEventListener("beforeunload", (event) => {
  if (session || isOffered(keep)) event.preventDefault();
});
keep.addEventListener("submit", (event) => { send(event, keep, token, byId("live-keep-problem")); });

async function begin() {
  if (isOffered(keep)) return remind(keep);
  show("loading");
  complain("");
  // The networks load while the person is asked for the camera.
  const coming = prepared();
  try {
    stream = await camera.start("", data.constants.frameSide);
  } catch (error) {
    return give(camera.wordsFor(error));
  }
  try {
    engine = await coming;
  } catch {
    return give("The networks could not be loaded. Check the connection, then reload this page.");
  }
  try {
    await showCamera();
  } catch (error) {
    return give(camera.wordsFor(error));
  }
  session = new Session(video, engine, data.constants, data.limits);
  chart = new Chart(byId("live-chart"), data.emotions);
  session.addEventListener("moment", (event) => draw(/** @type {CustomEvent<Moment>} */ (event).detail));
  session.addEventListener("slow", () => remark("This device is slow: smaller faces may be missed."), { once: true });
  session.addEventListener("full", finish);
  session.pause("background", document.hidden);
  show("running");
  pause.focus();
  byId("live-camera-field").toggleAttribute("hidden", await camera.list(picker, stream) < 2);
  try {
    await session.run();
  } catch {
    await finish();
    loading = null;
    complain("The networks stopped. Reload this page to go on; what was read until now can be kept.");
  }
}

/** Load the networks, once. */
function prepared() {
  if (!loading) {
    loading = Engine.load(data.worker, data.constants, data.addresses);
    // The next call tries again.
    loading.catch(() => { loading = null; });
  }
  return loading;
}

async function showCamera() {
  video.srcObject = stream;
  stream?.getVideoTracks()[0].addEventListener("ended", () => { giveUp(camera.STOPPED); });
  await play(video);
  // It may have been unplugged meanwhile.
  if (!stream?.active) throw new DOMException("", "AbortError");
  stage.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  setMirrored(camera.facesPerson(stream));
  // Another camera shows its first picture, and waits as the one before did.
  if (session && isPaused) video.pause();
}

async function change() {
  const [changed, number] = [session, changes += 1];
  // Meanwhile the session may end, and yet another camera may be chosen.
  const isWanted = () => session === changed && changes === number;
  session?.pause("camera", true);
  camera.stop(stream);
  try {
    const started = await camera.startIfWanted(picker.value, data.constants.frameSide, isWanted);
    if (!started) return;
    stream = started;
    await showCamera();
    if (!isWanted()) return;
    engine?.forget();
    clear();
    session?.pause("camera", false);
  } catch (error) {
    if (isWanted()) await giveUp(camera.wordsFor(error));
  }
}

/**
 * End the session, and show why.
 * @param {string} words
 */
async function giveUp(words) {
  await finish();
  complain(words);
}

async function finish() {
  if (!session) return;
  const { recorder, startedAt } = session;
  const isFull = recorder.isFull;
  session.end();
  session = null;
  camera.stop(stream);
  stream = null;
  video.srcObject = null;
  clear();
  show("idle");
  const series = recorder.series();
  if (series.faces.length) offer(startedAt, series);
  else {
    complain("No face was seen, so there is nothing to keep.");
    start.focus();
  }
  if (isFull) complain("A session ends after an hour.");
}

/** Take away what was said of the last frame; the chart of the last minute stays. */
function clear() {
  boxes.draw([], { width: 1, height: 1 }, false);
  bars.draw(undefined);
  byId("live-now").replaceChildren();
  byId("live-which").textContent = "";
}

/**
 * Offer to keep what was read.
 * @param {Date} startedAt
 * @param {import("./recorder.js").Series} series
 */
function offer(startedAt, series) {
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (keep.elements.namedItem(name));
  field("name").value = nameOf(startedAt, document.documentElement.dataset.dates, data.zone);
  field("started_at").value = startedAt.toISOString();
  field("model").value = data.constants.version;
  field("series").value = JSON.stringify(series);
  const faces = series.faces.length === 1 ? "1 face" : `${series.faces.length} faces`;
  byId("live-keep-what").textContent = `${duration(series.seconds)}, ${faces}.`;
  keep.hidden = false;
  delete keep.dataset.sent;
  field("name").focus();
}

function discard() {
  keep.hidden = true;
  keep.reset();
  complain("");
  start.focus();
  say("The session was discarded.");
}

/** @param {boolean} isOn */
function setPaused(isOn) {
  isPaused = isOn;
  pause.textContent = isPaused ? "Go on" : "Pause";
  session?.pause("person", isPaused);
  if (isPaused) video.pause();
  else play(video).catch((error) => giveUp(camera.wordsFor(error)));
  hint(pauseWords());
}

const pauseWords = () => (isPaused ? "Paused." : "");

/** @param {boolean} isOn */
function setMirrored(isOn) {
  isMirrored = isOn;
  mirror.setAttribute("aria-pressed", String(isOn));
  video.classList.toggle("is-mirrored", isOn);
}

/** @param {Moment} moment */
function draw({ faces, seen, elapsed }) {
  const [first] = faces;
  const now = performance.now();
  boxes.draw(faces, seen, isMirrored);
  bars.draw(first);
  chart?.add(elapsed, first);
  byId("live-now").replaceChildren(...(first ? [badge(first, labels)] : []));
  if (first) faceSeenAt = now;
  if (now - rateShownAt > RATE_SHOWN) {
    rateShownAt = now;
    byId("live-rate").textContent = `${Math.round(session?.rate.perSecond ?? 0)} frames/s`;
    live.dataset.rate = String(session?.rate.perSecond ?? 0);
    tellFaces(faces);
  }
}

/** @param {import("./tracker.js").Shown[]} faces */
function tellFaces(faces) {
  const [first] = faces;
  const now = performance.now();
  const isLonely = !first && now - faceSeenAt > LONELY;
  byId("live-which").textContent = first
    ? `Face ${first.number}${faces.length > 1 ? `, the largest of ${faces.length}` : ""}`
    : "No face in the picture.";
  if (!isRemarking()) hint(isLonely ? "No face in the picture. Come closer, and turn to the light." : "");
  const words = first ? `${labels.get(first.emotion)}${first.uncertain ? ", uncertain" : ""}` : "No face";
  if (words !== announced && now - announcedAt > ANNOUNCED) {
    [announced, announcedAt] = [words, now];
    say(words);
  }
}

/** @param {"idle" | "loading" | "running"} state */
function show(state) {
  live.dataset.state = state;
  byId("live-welcome").toggleAttribute("hidden", state !== "idle");
  byId("live-wait").toggleAttribute("hidden", state !== "loading");
  byId("live-controls").toggleAttribute("hidden", state !== "running");
  if (state === "loading") {
    keep.hidden = true;
    say("Starting the camera.");
  }
  hint("");
  if (state === "running") setPaused(false);
  else {
    stage.style.aspectRatio = "";
    byId("live-rate").textContent = "";
  }
}

/**
 * Show why it does not run.
 * @param {string} words
 */
function give(words) {
  camera.stop(stream);
  stream = null;
  show("idle");
  complain(words);
  start.focus();
}
