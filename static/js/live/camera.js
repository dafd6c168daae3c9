// The camera: starting it, choosing another, and why there is none, in words.

/** @type {Record<string, string>} */
const PROBLEMS = {
  NotAllowedError: "The browser may not use the camera. Allow it in the browser's settings for this page, then start again.",
  NotFoundError: "No camera was found on this device. Connect one, then start again.",
  OverconstrainedError: "This camera is no longer there. Choose another one, then start again.",
  NotReadableError: "The camera is in use by another program. Close that program, then start again.",
  AbortError: "The camera stopped. Start it again.",
  SecurityError: "Browsers give the camera only to pages that are opened over HTTPS.",
};
const UNKNOWN = "The camera could not be started.";
export const STOPPED = PROBLEMS.AbortError;

/**
 * Start a camera. Raises DOMException.
 * @param {string} id of the camera; empty for the one that faces the person
 * @param {number} side long side of the wanted pictures
 * @returns {Promise<MediaStream>}
 */
export async function start(id, side) {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "SecurityError");
  const size = { width: { ideal: side }, height: { ideal: (side * 3) / 4 }, frameRate: { ideal: 30 } };
  const which = id ? { deviceId: { exact: id } } : { facingMode: "user" };
  return navigator.mediaDevices.getUserMedia({ video: { ...which, ...size } });
}

/**
 * Start a camera that may be wanted no more once it runs: then it is stopped. Raises DOMException.
 * @param {string} id
 * @param {number} side
 * @param {() => boolean} isWanted
 * @returns {Promise<MediaStream | null>}
 */
export async function startIfWanted(id, side, isWanted) {
  const stream = await start(id, side);
  if (isWanted()) return stream;
  stop(stream);
  return null;
}

/** @param {unknown} error */
export function wordsFor(error) {
  return error instanceof DOMException ? PROBLEMS[error.name] ?? UNKNOWN : UNKNOWN;
}

/** @param {MediaStream | null} stream */
export function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/**
 * Return whether the camera faces the person, who then expects a mirror.
 * @param {MediaStream} stream
 */
export function facesPerson(stream) {
  return stream.getVideoTracks()[0]?.getSettings().facingMode !== "environment";
}

/**
 * List the cameras for a choice. Returns how many there are.
 * @param {HTMLSelectElement} picker
 * @param {MediaStream | null} stream of the present one
 */
export async function list(picker, stream) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter(({ kind }) => kind === "videoinput");
  const present = stream?.getVideoTracks()[0].getSettings().deviceId;
  picker.replaceChildren(...cameras.map(({ deviceId, label }, at) => (
    new Option(label || `Camera ${at + 1}`, deviceId, false, deviceId === present)
  )));
  return cameras.length;
}

/**
 * Return a function that waits for a picture that was not used yet, or for the end.
 * @param {HTMLVideoElement} video
 * @param {() => boolean} isOver
 * @returns {() => Promise<void>}
 */
export function freshPictures(video, isOver) {
  if (!video.requestVideoFrameCallback) {
    return () => new Promise((done) => { requestAnimationFrame(() => done()); });
  }
  let isFresh = false;
  /** @type {(() => void) | null} */
  let waiting = null;
  const note = () => {
    isFresh = true;
    waiting?.();
    if (!isOver()) video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  return async () => {
    if (!isFresh) await new Promise((done) => { waiting = () => done(undefined); });
    waiting = null;
    isFresh = false;
  };
}
