// Crop → inputs of the networks; their outputs → probabilities, quality flags and label: the
// counterpart of ml/classifier.py, ml/face_check.py, ml/calibration.py and ml/quality.py.
/** @import { ClassifierConstants, Constants, Detection, Face, QualityConstants } from "./types.js" */
import { sizeOf } from "./detection.js";

/**
 * Return the input of the expression network.
 * @param {Uint8Array} crop
 * @param {number} size
 * @param {boolean} soften
 * @param {boolean} mirror
 */
export function expressionInput(crop, size, soften, mirror) {
  let pixels = Float32Array.from(crop);
  if (soften) pixels = softened(pixels, size);
  if (mirror) for (let row = 0; row < size; row += 1) pixels.subarray(row * size, (row + 1) * size).reverse();
  return pixels;
}

/**
 * Blur as augmentation does on average: see ml.classifier.softened.
 * @param {Float32Array} pixels
 * @param {number} size
 */
function softened(pixels, size) {
  const pass = (/** @type {Float32Array} */ source, /** @type {number} */ step, /** @type {(at: number) => number} */ place) => (
    source.map((value, at) => {
      const before = place(at) > 0 ? source[at - step] : value;
      const after = place(at) < size - 1 ? source[at + step] : value;
      return (before + 10 * value + after) / 12;
    })
  );
  return pass(pass(pixels, size, (at) => Math.floor(at / size)), 1, (at) => at % size);
}

/**
 * Return the input of the network that checks crops: mean 0 and variance 1.
 * @param {Uint8Array} crop
 */
export function checkInput(crop) {
  const { mean, spread } = spreadOf(crop);
  return Float32Array.from(crop, (value) => (value - mean) / Math.max(spread, 1));
}

/**
 * @param {ArrayLike<number>} values
 */
export function softmax(values) {
  const list = Array.from(values);
  const most = Math.max(...list);
  const exponentials = list.map((value) => Math.exp(value - most));
  const sum = exponentials.reduce((one, other) => one + other, 0);
  return exponentials.map((value) => value / sum);
}

/**
 * Return calibrated probabilities of logits.
 * @param {ArrayLike<number>} logits
 * @param {ClassifierConstants} constants
 */
export function calibrated(logits, { bias, temperature }) {
  return softmax(bias.map((value, at) => (logits[at] + value) / temperature));
}

/**
 * Return the flags of a face.
 * @param {Uint8Array} crop
 * @param {Detection} face
 * @param {ArrayLike<number>} scores of the network that checks crops
 * @param {number} size
 * @param {QualityConstants} constants
 * @returns {string[]}
 */
export function flagsOf(crop, face, scores, size, constants) {
  const doubts = Object.fromEntries(
    constants.doubts.map((name, at) => [name, 1 / (1 + Math.exp(-scores[at]))]),
  );
  const isSet = [
    sizeOf(face.box) < constants.smallestFace,
    sharpness(crop, size) < constants.minSharpness,
    turn(face) > constants.maxTurn,
    doubts.eyes_covered >= constants.eyesCovered || doubts.mouth_covered >= constants.mouthCovered,
    face.outside >= constants.maxOutside,
    !face.upright,
    mayBeNoFace(face.score, doubts.no_face, constants),
  ];
  return constants.flags.filter((_, at) => isSet[at]);
}

/**
 * @param {number} score
 * @param {number} doubt
 * @param {QualityConstants} constants
 */
function mayBeNoFace(score, doubt, { minScore, maxDoubt }) {
  const row = maxDoubt.find(([below]) => score < below);
  return score < minScore || (row !== undefined && doubt >= row[1]);
}

/**
 * Return the face with its expression, and whether the network stands by it.
 * @param {Detection} face
 * @param {number[]} probabilities
 * @param {string[]} flags
 * @param {Constants} constants
 * @returns {Face}
 */
export function judged(face, probabilities, flags, constants) {
  const confidence = Math.max(...probabilities);
  const isUnreadable = flags.some((flag) => constants.quality.unreadable.includes(flag));
  return {
    box: face.box,
    score: face.score,
    probabilities,
    emotion: constants.emotions[probabilities.indexOf(confidence)],
    confidence,
    uncertain: confidence < constants.classifier.uncertainThreshold || isUnreadable,
    flags,
  };
}

/**
 * Return the distance of the nose from the middle of the eyes along their line, in eye distances.
 * @param {Detection} face
 */
function turn({ landmarks: [right, left, nose] }) {
  const across = [left[0] - right[0], left[1] - right[1]];
  const squared = across[0] ** 2 + across[1] ** 2;
  if (squared === 0) return 0;
  const off = [nose[0] - (right[0] + left[0]) / 2, nose[1] - (right[1] + left[1]) / 2];
  return Math.abs(off[0] * across[0] + off[1] * across[1]) / squared;
}

/**
 * Return the variance of the Laplacian over that of the grey levels.
 * @param {Uint8Array} crop
 * @param {number} size
 */
function sharpness(crop, size) {
  const { spread } = spreadOf(crop);
  if (spread === 0) return 0;
  // The border is mirrored without its own pixel, as cv2.BORDER_REFLECT_101 does.
  const inside = (/** @type {number} */ at) => (at < 0 ? -at : at >= size ? 2 * size - 2 - at : at);
  const edges = Float64Array.from(crop, (value, at) => {
    const row = Math.floor(at / size);
    const column = at % size;
    return crop[inside(row - 1) * size + column] + crop[inside(row + 1) * size + column]
      + crop[row * size + inside(column - 1)] + crop[row * size + inside(column + 1)] - 4 * value;
  });
  return spreadOf(edges).spread ** 2 / spread ** 2;
}

/**
 * Return mean and standard deviation.
 * @param {ArrayLike<number>} values
 */
function spreadOf(values) {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) sum += values[at];
  const mean = sum / values.length;
  let squares = 0;
  for (let at = 0; at < values.length; at += 1) squares += (values[at] - mean) ** 2;
  return { mean, spread: Math.sqrt(squares / values.length) };
}
