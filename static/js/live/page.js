// The live page: buttons, what stands on the picture, and the session that may be kept.
/** @import { Addresses, Constants } from "./types.js" */
/** @import { Moment } from "./session.js" */
/** @import { Emotion } from "./view.js" */
/** @import { Limits } from "./recorder.js" */
import { play } from "../playback.js";
import * as camera from "./camera.js";
import { Display } from "./display.js";
import { Engine } from "./engine.js";
import { isOffered, nameOf, remind, send } from "./keep.js";
import { Session } from "./session.js";
import * as still from "./still.js";
import { byId, complain, duration, hint, remark, say } from "./words.js";

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
const token = /** @type {HTMLInputElement} */ (keep.elements.namedItem("csrfmiddlewaretoken"));
/** @type {MediaStream | null} */
let stream = null;
/** @type {Engine | null} */
let engine = null;
/** @type {Promise<Engine> | null} */
let loading = null;
/** @type {Session | null} */
let session = null;
/** @type {Display | null} */
let display = null;
let [isMirrored, isPaused] = [true, false];
/** How often another camera was chosen. */
let changes = 0;

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
    watch(await camera.start("", data.constants.frameSide));
  } catch (error) {
    return give(camera.wordsFor(error));
  }
  // The camera may stop before all is ready.
  const own = stream;
  const networks = await coming.catch(() => null);
  if (!own || stream !== own) return undefined;
  if (!networks) return give("The networks could not be loaded. Check the connection, then start again.");
  engine = networks;
  try {
    await showCamera(own);
  } catch (error) {
    if (stream === own) give(camera.wordsFor(error));
  }
  if (stream === own) await run(networks);
  return undefined;
}

/**
 * Read the camera until the session ends.
 * @param {Engine} networks
 */
async function run(networks) {
  const own = session = new Session(video, networks, data.constants, data.limits);
  const shown = display = new Display(data.emotions);
  own.addEventListener("moment", (event) => {
    shown.draw(/** @type {CustomEvent<Moment>} */ (event).detail, isMirrored, own.rate.perSecond);
  });
  own.addEventListener("slow", () => remark("This device is slow: smaller faces may be missed."), { once: true });
  own.addEventListener("full", finish);
  own.pause("background", document.hidden);
  show("running");
  pause.focus();
  byId("live-camera-field").toggleAttribute("hidden", await camera.list(picker, stream).catch(() => 0) < 2);
  try {
    await own.run();
  } catch {
    // A picture of a camera that was stopped meanwhile cannot be read.
    if (session !== own) return;
    networks.end();
    loading = null;
    giveUp("The networks stopped. Start again to go on; what was read until now can be kept.");
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

/**
 * Take the pictures of this camera from now on; it may be unplugged at any time.
 * @param {MediaStream} started
 */
function watch(started) {
  stream = started;
  started.getVideoTracks()[0].addEventListener("ended", () => {
    if (stream === started) giveUp(camera.STOPPED);
  });
}

/**
 * Show the pictures of a camera. Raises DOMException.
 * @param {MediaStream} own
 */
async function showCamera(own) {
  video.srcObject = own;
  await play(video);
  if (stream !== own) return;
  stage.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  setMirrored(camera.facesPerson(own));
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
    watch(started);
    await showCamera(started);
    if (!isWanted()) return;
    engine?.forget();
    display?.clear();
    session?.pause("camera", false);
  } catch (error) {
    if (isWanted()) giveUp(camera.wordsFor(error));
  }
}

/**
 * End the session, or its start, and show why.
 * @param {string} words
 */
function giveUp(words) {
  if (!session) return give(words);
  finish();
  return complain(words);
}

function finish() {
  if (!session) return;
  const { recorder, startedAt } = session;
  const isFull = recorder.isFull;
  session.end();
  session = null;
  end();
  display?.clear();
  const series = recorder.series();
  if (series.faces.length) offer(startedAt, series);
  else {
    complain("No face was seen, so there is nothing to keep.");
    start.focus();
  }
  if (isFull) complain("A session ends after an hour.");
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
  byId("live-keep-problem").toggleAttribute("hidden", true);
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

/** Let the camera go. */
function end() {
  camera.stop(stream);
  stream = null;
  video.srcObject = null;
  show("idle");
}

/**
 * Show why it does not start.
 * @param {string} words
 */
function give(words) {
  end();
  complain(words);
  start.focus();
}
