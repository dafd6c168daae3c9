// Resizing and sampling of pictures as OpenCV does it, which the server uses.
/** @import { Pixels, Rgb } from "./types.js" */

/**
 * Round to the nearest integer; halves to the even one, as OpenCV and Python do.
 * @param {number} value
 */
export function roundEven(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Return for each target pixel the first source pixel and the weights of those that it covers.
 * @param {number} from
 * @param {number} to
 * @returns {{ first: number, weights: number[] }[]}
 */
function coverage(from, to) {
  const scale = from / to;
  return Array.from({ length: to }, (_, place) => {
    const start = place * scale;
    const end = Math.min(start + scale, from);
    const first = Math.floor(start + 1e-9);
    const last = Math.min(Math.ceil(end - 1e-9), from);
    const weights = [];
    for (let source = first; source < last; source += 1) {
      weights.push((Math.min(source + 1, end) - Math.max(source, start)) / (end - start));
    }
    return { first, weights };
  });
}

/** @type {Map<string, { first: number, weights: number[] }[]>} */
const known = new Map();

/**
 * @param {number} from
 * @param {number} to
 */
function coverageOf(from, to) {
  const key = `${from} ${to}`;
  const found = known.get(key) ?? coverage(from, to);
  if (known.size > 40) known.clear();
  known.set(key, found);
  return found;
}

/**
 * Shrink interleaved bytes by averaging areas: cv2.resize with INTER_AREA.
 * @param {Uint8Array | Uint8ClampedArray} data
 * @param {number} width
 * @param {number} height
 * @param {number} channels of `data`
 * @param {number} toWidth
 * @param {number} toHeight
 * @param {number} kept channels of the result
 * @returns {Uint8Array}
 */
export function shrink(data, width, height, channels, toWidth, toHeight, kept = channels) {
  if (toWidth * 2 === width && toHeight * 2 === height) {
    return halved(data, width, channels, toWidth, toHeight, kept);
  }
  const columns = coverageOf(width, toWidth);
  const rows = coverageOf(height, toHeight);
  const result = new Uint8Array(toWidth * toHeight * kept);
  const line = new Float32Array(toWidth * kept);
  for (let y = 0; y < toHeight; y += 1) {
    line.fill(0);
    const { first: top, weights: down } = rows[y];
    for (let r = 0; r < down.length; r += 1) {
      addRow(line, data, (top + r) * width * channels, columns, channels, kept, down[r]);
    }
    for (let at = 0; at < line.length; at += 1) result[y * line.length + at] = nearest(line[at]);
  }
  return result;
}

/**
 * Average two by two pixels. OpenCV rounds halves up here, and to even otherwise.
 * @param {Uint8Array | Uint8ClampedArray} data
 * @param {number} width
 * @param {number} channels
 * @param {number} toWidth
 * @param {number} toHeight
 * @param {number} kept
 */
function halved(data, width, channels, toWidth, toHeight, kept) {
  const result = new Uint8Array(toWidth * toHeight * kept);
  const below = width * channels;
  for (let y = 0, at = 0; y < toHeight; y += 1) {
    for (let x = 0, source = 2 * y * below; x < toWidth; x += 1, source += 2 * channels) {
      for (let channel = source; channel < source + kept; channel += 1, at += 1) {
        const under = channel + below;
        result[at] = (data[channel] + data[channel + channels] + data[under] + data[under + channels] + 2) >> 2;
      }
    }
  }
  return result;
}

/**
 * Round as `roundEven`; sums of weights are a little off what they stand for.
 * @param {number} value
 */
function nearest(value) {
  return roundEven(Math.round(value * 1e4) / 1e4);
}

/**
 * @param {Float32Array} line
 * @param {Uint8Array | Uint8ClampedArray} data
 * @param {number} start
 * @param {{ first: number, weights: number[] }[]} columns
 * @param {number} channels
 * @param {number} kept
 * @param {number} share
 */
function addRow(line, data, start, columns, channels, kept, share) {
  for (let x = 0, at = 0; x < columns.length; x += 1, at += kept) {
    const { first, weights } = columns[x];
    let source = start + first * channels;
    for (let c = 0; c < weights.length; c += 1, source += channels) {
      const weight = weights[c] * share;
      for (let channel = 0; channel < kept; channel += 1) {
        line[at + channel] += weight * data[source + channel];
      }
    }
  }
}

/**
 * Return the picture shrunk by a factor below 1, without alpha.
 * @param {Pixels} frame
 * @param {number} scale
 * @returns {Rgb}
 */
export function scaled(frame, scale) {
  const { width, height, data } = frame;
  const toWidth = Math.max(roundEven(width * scale), 1);
  const toHeight = Math.max(roundEven(height * scale), 1);
  return { width: toWidth, height: toHeight, data: shrink(data, width, height, 4, toWidth, toHeight, 3) };
}

/**
 * Return the BT.601 luma of the pixel at a place, in the fixed point of cv2.cvtColor.
 * @param {Pixels} frame
 * @param {number} x
 * @param {number} y
 */
export function grey({ data, width }, x, y) {
  const at = (y * width + x) * 4;
  return (data[at] * 9798 + data[at + 1] * 19235 + data[at + 2] * 3735 + 16384) >> 15;
}
