// The outputs of the detector → faces: the counterpart of ml/centerface.py and ml/overlaps.py.
/** @import { Box, Detection, DetectorConstants, Point, Rgb } from "./types.js" */
import { rollDegrees } from "./crop.js";

/**
 * @typedef {object} View Where the network looked at a frame.
 * @property {number} columns of its outputs
 * @property {number} scale from the frame to the picture
 * @property {number} left edge of what it saw, in pixels of the picture
 * @property {number} top
 * @property {number} pass of the passes for faces that fill the frame; -1 for none
 */

/**
 * Return the input of the network, padded right and below, and its sizes.
 * @param {Rgb} picture
 * @param {DetectorConstants} constants
 */
export function networkInput({ width, height, data }, { multiple }) {
  const wide = Math.ceil(width / multiple) * multiple;
  const tall = Math.ceil(height / multiple) * multiple;
  const plane = wide * tall;
  const values = new Float32Array(3 * plane);
  for (let y = 0, source = 0; y < height; y += 1) {
    for (let x = 0, at = y * wide; x < width; x += 1, at += 1, source += 3) {
      values[at] = data[source];
      values[at + plane] = data[source + 1];
      values[at + 2 * plane] = data[source + 2];
    }
  }
  return { values, dimensions: [1, 3, tall, wide] };
}

/**
 * Return the faces from the lowest score up, in pixels of the frame and clipped to it, best first.
 * @param {Float32Array[]} outputs heatmap, scale, offset and landmarks
 * @param {View} view
 * @param {{ width: number, height: number }} frame
 * @param {DetectorConstants} constants
 * @returns {Detection[]}
 */
export function decode([heatmap, sizes, offsets, points], view, frame, constants) {
  const { columns, left, top } = view;
  const cells = heatmap.length;
  /** @type {{ box: Box, landmarks: Point[], score: number }[]} */
  const found = [];
  for (let cell = 0; cell < cells; cell += 1) {
    if (heatmap[cell] < constants.trace) continue;
    const row = Math.floor(cell / columns);
    const height = Math.exp(sizes[cell]) * constants.stride;
    const width = Math.exp(sizes[cell + cells]) * constants.stride;
    const y = top + (row + 0.5 + offsets[cell]) * constants.stride - height / 2;
    const x = left + (cell % columns + 0.5 + offsets[cell + cells]) * constants.stride - width / 2;
    /** @type {Point[]} */
    const landmarks = [0, 1, 2, 3, 4].map((point) => [
      x + points[cell + (2 * point + 1) * cells] * width,
      y + points[cell + 2 * point * cells] * height,
    ]);
    found.push({ box: { x, y, width, height }, landmarks, score: heatmap[cell] });
  }
  return suppressed(found, constants.nmsIou)
    .map((face) => within(face, view, frame, constants))
    .filter(({ box }) => box.width >= 1 && box.height >= 1);
}

/**
 * Return the faces that are confident.
 * @param {Detection[]} faces
 * @param {DetectorConstants} constants
 */
export const confident = (faces, { threshold }) => faces.filter(({ score }) => score >= threshold);

/**
 * Return the faces from a score up that are large in the frame.
 * @param {Detection[]} faces
 * @param {{ width: number, height: number }} frame
 * @param {number} leastScore
 * @param {DetectorConstants} constants
 */
export function largeFaces(faces, frame, leastScore, { largeShare }) {
  const least = largeShare * Math.min(frame.width, frame.height);
  return faces.filter((face) => face.score >= leastScore && sizeOf(face.box) >= least);
}

/**
 * Return the faces of a frame: those that are confident, else large ones that are faint.
 * @param {Detection[]} candidates
 * @param {{ width: number, height: number }} frame
 * @param {DetectorConstants} constants
 */
export function chosen(candidates, frame, constants) {
  const sure = confident(candidates, constants);
  return ordered(sure.length ? sure : largeFaces(candidates, frame, constants.faint, constants), constants);
}

/**
 * Return faces from left to right, without those that mostly overlap a better one.
 * @param {Detection[]} faces
 * @param {DetectorConstants} constants
 */
export function ordered(faces, constants) {
  /** @type {Detection[]} */
  const kept = [];
  for (const face of [...faces].sort((one, other) => other.score - one.score)) {
    if (kept.every((other) => !isOneFace(face, other, constants))) kept.push(face);
  }
  return kept.sort((one, other) => one.box.x - other.box.x || one.box.y - other.box.y);
}

/**
 * Keep one box for each face: non-maximum suppression, best first.
 * @template {{ box: Box, score: number }} T
 * @param {T[]} faces
 * @param {number} limit
 * @returns {T[]}
 */
function suppressed(faces, limit) {
  /** @type {T[]} */
  const kept = [];
  for (const face of [...faces].sort((one, other) => other.score - one.score)) {
    if (kept.every(({ box }) => iou(face.box, box) <= limit)) kept.push(face);
  }
  return kept;
}

/**
 * @param {{ box: Box, landmarks: Point[], score: number }} face in pixels of the picture
 * @param {View} view
 * @param {{ width: number, height: number }} frame
 * @param {DetectorConstants} constants
 * @returns {Detection}
 */
function within({ box, landmarks, score }, { scale, pass }, { width, height }, constants) {
  const x = box.x / scale;
  const y = box.y / scale;
  const wide = box.width / scale;
  const tall = box.height / scale;
  const left = Math.max(x, 0);
  const top = Math.max(y, 0);
  const place = {
    x: left,
    y: top,
    width: Math.max(Math.min(x + wide, width) - left, 0),
    height: Math.max(Math.min(y + tall, height) - top, 0),
  };
  const edge = constants.nearEdge * Math.sqrt(wide * tall);
  const points = landmarks.map(([across, down]) => /** @type {Point} */ ([across / scale, down / scale]));
  const cut = points.filter(([across, down]) => across < edge || down < edge || across > width - edge || down > height - edge);
  const outside = Math.max(1 - (place.width * place.height) / (wide * tall), cut.length / points.length);
  const clipped = points.map(([across, down]) => (
    /** @type {Point} */ ([Math.min(Math.max(across, 0), width), Math.min(Math.max(down, 0), height)])
  ));
  const lies = place.width > constants.maxWidth * place.height && outside === 0;
  const upright = Math.abs(rollDegrees(clipped)) <= constants.maxRoll && !lies;
  return { box: place, landmarks: clipped, score, outside, upright, scale, pass };
}

/**
 * Return the square root of the box's area.
 * @param {Box} box
 */
export const sizeOf = (box) => Math.sqrt(box.width * box.height);

/**
 * @param {Box} one
 * @param {Box} other
 */
function intersection(one, other) {
  const across = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const down = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return Math.max(across, 0) * Math.max(down, 0);
}

/**
 * Return the intersection over the union of two boxes.
 * @param {Box} one
 * @param {Box} other
 */
export function iou(one, other) {
  const both = intersection(one, other);
  return both / (one.width * one.height + other.width * other.height - both);
}

/**
 * Return whether two boxes mostly overlap.
 * @param {Detection} one
 * @param {Detection} other
 * @param {DetectorConstants} constants
 */
export const isOneFace = (one, other, { maxShared }) => shared(one.box, other.box) > maxShared;

/**
 * Return the intersection of two boxes over the smaller one.
 * @param {Box} one
 * @param {Box} other
 */
function shared(one, other) {
  const smaller = Math.min(one.width * one.height, other.width * other.height);
  return smaller > 0 ? intersection(one, other) / smaller : 0;
}
