// The parts of a frame around the faces of the frame before: the detector sees them in a fraction of
// the time of the whole.
/** @import { Detection, Pixels, Rgb } from "./types.js" */

/** Room around a face, in its size: it moves, and the network looks at its surroundings. */
const ROOM = 0.35;
/** Share of the frame from which a part saves too little. */
const WORTH = 0.75;

/**
 * @typedef {object} Region In pixels of the scaled picture.
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 */

/**
 * Return the part of a picture around faces; null where it would be nearly all of it.
 * @param {Detection[]} faces
 * @param {{ width: number, height: number }} picture
 * @param {number} scale from the frame to the picture
 * @param {number} multiple of the sides
 * @returns {Region | null}
 */
export function around(faces, picture, scale, multiple) {
  const edges = faces.map(({ box }) => {
    const room = ROOM * Math.max(box.width, box.height);
    return [box.x - room, box.y - room, box.x + box.width + room, box.y + box.height + room];
  });
  const least = (/** @type {number} */ at) => Math.max(Math.min(...edges.map((edge) => edge[at])) * scale, 0);
  const most = (/** @type {number} */ at, /** @type {number} */ end) => Math.min(Math.max(...edges.map((edge) => edge[at])) * scale, end);
  const [left, width] = grown(least(0), most(2, picture.width), multiple, picture.width);
  const [top, height] = grown(least(1), most(3, picture.height), multiple, picture.height);
  if (width * height > WORTH * picture.width * picture.height) return null;
  return { left, top, width, height };
}

/**
 * Grow a span to multiples, so that the network halves a part where it halves the whole. Returns
 * where it begins and how long it is.
 * @param {number} start
 * @param {number} end
 * @param {number} multiple
 * @param {number} length of the picture
 * @returns {[number, number]}
 */
function grown(start, end, multiple, length) {
  const begin = Math.floor(start / multiple) * multiple;
  return [begin, Math.min(Math.ceil(end / multiple) * multiple, length) - begin];
}

/**
 * Cut a part out of a picture, without alpha.
 * @param {Pixels | Rgb} picture
 * @param {Region} region
 * @returns {Rgb}
 */
export function cut(picture, { left, top, width, height }) {
  const channels = picture.data.length / (picture.width * picture.height);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y += 1) {
    let from = ((top + y) * picture.width + left) * channels;
    for (let x = 0; x < width; x += 1, from += channels, at += 3) {
      data[at] = picture.data[from];
      data[at + 1] = picture.data[from + 1];
      data[at + 2] = picture.data[from + 2];
    }
  }
  return { width, height, data };
}
