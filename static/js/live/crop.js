// Cuts a face out of a frame, upright and grey: the counterpart of ml/preprocessing.py.
/** @import { CropConstants, Detection, Pixels, Point } from "./types.js" */
import { grey, roundEven, shrink } from "./pixels.js";

/**
 * Return the degrees by which the line from right to left eye is turned clockwise.
 * @param {Point[]} landmarks
 */
export function rollDegrees(landmarks) {
  const [right, left] = landmarks;
  return (Math.atan2(left[1] - right[1], left[0] - right[0]) * 180) / Math.PI;
}

/**
 * Return the square that frames the face as the network expects it.
 * @param {Detection} face
 * @param {CropConstants} constants
 */
export function frameOf(face, { sidePerSize, rise }) {
  const { box, landmarks } = face;
  const side = sidePerSize * Math.sqrt(box.width * box.height);
  const roll = (rollDegrees(landmarks) * Math.PI) / 180;
  const eyes = middle(landmarks[0], landmarks[1]);
  const mouth = middle(landmarks[3], landmarks[4]);
  const isPlausible = (mouth[1] - eyes[1]) * Math.cos(roll) - (mouth[0] - eyes[0]) * Math.sin(roll) > 0;
  if (!isPlausible) return { x: box.x + box.width / 2, y: box.y + box.height / 2, side, roll: 0 };
  const [x, y] = middle(eyes, mouth);
  return { x: x + rise * side * Math.sin(roll), y: y - rise * side * Math.cos(roll), side, roll };
}

/**
 * Return the crop of a face: size × size bytes, 0 black to 255 white.
 * @param {Pixels} frame
 * @param {Detection} face
 * @param {CropConstants} constants
 * @returns {Uint8Array}
 */
export function crop(frame, face, constants) {
  const square = frameOf(face, constants);
  const finer = Math.max(Math.ceil(square.side / constants.size), 1);
  const size = constants.size * finer;
  const step = square.side / size;
  const cosine = step * Math.cos(square.roll);
  const sine = step * Math.sin(square.roll);
  const sampled = new Uint8Array(size * size);
  const greyAt = greySampler(frame, square);
  // Pixel centres have integer coordinates.
  const half = (size - 1) / 2;
  for (let row = 0, at = 0; row < size; row += 1) {
    const down = row - half;
    for (let column = 0; column < size; column += 1, at += 1) {
      const across = column - half;
      const x = square.x - 0.5 + cosine * across - sine * down;
      const y = square.y - 0.5 + sine * across + cosine * down;
      sampled[at] = greyAt(x, y);
    }
  }
  return finer === 1 ? sampled : shrink(sampled, size, size, 1, constants.size, constants.size);
}

/**
 * Return a function that interpolates the grey at a place; beyond the frame its border is repeated.
 * @param {Pixels} frame
 * @param {{ x: number, y: number, side: number }} square
 * @returns {(x: number, y: number) => number}
 */
function greySampler(frame, square) {
  const reach = square.side * Math.SQRT1_2 + 2;
  const left = clamp(Math.floor(square.x - reach), 0, frame.width - 1);
  const top = clamp(Math.floor(square.y - reach), 0, frame.height - 1);
  const width = Math.max(Math.min(Math.ceil(square.x + reach), frame.width), left + 1) - left;
  const height = Math.max(Math.min(Math.ceil(square.y + reach), frame.height), top + 1) - top;
  const patch = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) patch[at] = grey(frame, left + x, top + y);
  }
  return (x, y) => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    const first = clamp(column - left, 0, width - 1);
    const second = clamp(column + 1 - left, 0, width - 1);
    const upper = clamp(row - top, 0, height - 1) * width;
    const lower = clamp(row + 1 - top, 0, height - 1) * width;
    const right = x - column;
    const above = patch[upper + first] * (1 - right) + patch[upper + second] * right;
    const below = patch[lower + first] * (1 - right) + patch[lower + second] * right;
    return roundEven(above + (below - above) * (y - row));
  };
}

/**
 * @param {Point} one
 * @param {Point} other
 * @returns {Point}
 */
const middle = (one, other) => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
