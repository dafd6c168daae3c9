// The pictures of a frame that the detector looks at: whole, closely, or from afar. The counterpart
// of ml/detection_views.py.
/** @import { CloserConstants, Detection, Pixels, Rgb } from "./types.js" */
/** @import { Region } from "./region.js" */
import { roundEven, scaled } from "./pixels.js";
import { cut } from "./region.js";

/**
 * @typedef {object} Look A picture of a frame, and where it is in the frame at that scale.
 * @property {Rgb} picture
 * @property {number} scale
 * @property {number} left
 * @property {number} top
 * @property {number} pass
 */

/**
 * Return the whole frame at a scale.
 * @param {Pixels} frame
 * @param {number} scale
 * @returns {Look}
 */
export function whole(frame, scale) {
  const all = { left: 0, top: 0, width: frame.width, height: frame.height };
  return { picture: scale === 1 ? cut(frame, all) : scaled(frame, scale), scale, left: 0, top: 0, pass: -1 };
}

/**
 * Return a part of a picture of the frame.
 * @param {Pixels | Rgb} picture
 * @param {Region} region
 * @param {number} scale from the frame to the picture
 * @returns {Look}
 */
export function part(picture, region, scale) {
  return { picture: cut(picture, region), scale, left: region.left, top: region.top, pass: -1 };
}

/**
 * Return squares of a frame that hold all faces between them, around the best one left each time.
 * @param {Detection[]} faces
 * @param {{ width: number, height: number }} frame
 * @param {number} side
 * @returns {Region[]}
 */
export function closeUps(faces, frame, side) {
  const squares = [];
  let rest = [...faces].sort((one, other) => other.score - one.score);
  while (rest.length) {
    const square = squareAround(rest[0], frame, side);
    squares.push(square);
    rest = rest.slice(1).filter((face) => !holds(square, face));
  }
  return squares;
}

/**
 * @param {Detection} face
 * @param {{ width: number, height: number }} frame
 * @param {number} side
 * @returns {Region}
 */
function squareAround({ box }, frame, side) {
  const start = (/** @type {number} */ middle, /** @type {number} */ length) => (
    roundEven(Math.min(Math.max(middle - side / 2, 0), Math.max(length - side, 0)))
  );
  const left = start(box.x + box.width / 2, frame.width);
  const top = start(box.y + box.height / 2, frame.height);
  return { left, top, width: Math.min(side, frame.width - left), height: Math.min(side, frame.height - top) };
}

/**
 * Return whether the whole box of a face is in a region of the frame.
 * @param {Region} region
 * @param {Detection} face
 */
export function holds({ left, top, width, height }, { box }) {
  return box.x >= left && box.y >= top && box.x + box.width <= left + width && box.y + box.height <= top + height;
}

/**
 * Return the frame from afar: shrunk, brightened, and in the middle of a wall of its mean colour.
 * @param {Pixels} frame
 * @param {number} pass
 * @param {CloserConstants} constants
 * @returns {Look}
 */
export function fromAfar(frame, pass, constants) {
  const [side, wall] = constants.passes[pass];
  const scale = side / Math.max(frame.width, frame.height);
  const small = brightened(scaled(frame, scale), constants);
  const [width, height] = [Math.max(wall, small.width), Math.max(wall, small.height)];
  const left = Math.floor((width - small.width) / 2);
  const top = Math.floor((height - small.height) / 2);
  const colour = meanColour(small);
  const data = new Uint8Array(width * height * 3).map((_, at) => colour[at % 3]);
  for (let y = 0; y < small.height; y += 1) {
    const row = small.data.subarray(y * small.width * 3, (y + 1) * small.width * 3);
    data.set(row, ((top + y) * width + left) * 3);
  }
  return { picture: { width, height, data }, scale, left: -left, top: -top, pass };
}

/**
 * Scale the brightness of a picture, so that a dark one uses the range of a usual one.
 * @param {Rgb} picture
 * @param {CloserConstants} constants
 * @returns {Rgb}
 */
function brightened({ width, height, data }, { brightPercentile, bright, maxGain }) {
  const gain = Math.min(bright / Math.max(percentile(data, brightPercentile), 1), maxGain);
  return { width, height, data: data.map((value) => Math.min(roundEven(value * gain), 255)) };
}

/**
 * Return a percentile of bytes; between two of them it is interpolated.
 * @param {Uint8Array} values
 * @param {number} share in percent
 */
function percentile(values, share) {
  const counts = new Uint32Array(256);
  for (const value of values) counts[value] += 1;
  const place = (share / 100) * (values.length - 1);
  const valueAt = (/** @type {number} */ rank) => {
    let value = 0;
    for (let seen = counts[0]; seen <= rank; seen += counts[value]) value += 1;
    return value;
  };
  const below = valueAt(Math.floor(place));
  return below + (valueAt(Math.ceil(place)) - below) * (place % 1);
}

/** @param {Rgb} picture */
function meanColour({ data }) {
  const sums = [0, 0, 0];
  for (let at = 0; at < data.length; at += 1) sums[at % 3] += data[at];
  return sums.map((sum) => roundEven((3 * sum) / data.length));
}
