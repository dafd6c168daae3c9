// The part of a frame around the faces of the frame before: the detector sees it in a fraction of
// the time of the whole.
/** @import { Detection, Rgb } from "./types.js" */

/** Frames in a row that may be seen in part; then one is seen whole, in which new faces are found. */
const PARTS = 7;
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

export class Regions {
  constructor() {
    this.parts = 0;
    /** @type {Detection[]} */
    this.faces = [];
    this.size = "";
  }

  /**
   * Return the part to look at; null for the whole picture.
   * @param {Rgb} picture
   * @param {number} scale from the frame to the picture
   * @param {number} multiple of the sides
   * @returns {Region | null}
   */
  next(picture, scale, multiple) {
    const size = `${picture.width} ${picture.height}`;
    const isKnown = this.faces.length > 0 && this.size === size && this.parts < PARTS;
    this.size = size;
    const part = isKnown ? around(this.faces, picture, scale, multiple) : null;
    this.parts = part ? this.parts + 1 : 0;
    return part;
  }

  /**
   * Note what was found. Returns whether a face is missing, so that the whole must be seen.
   * @param {Detection[]} faces
   * @param {boolean} isPart
   */
  note(faces, isPart) {
    const isMissing = isPart && faces.length < this.faces.length;
    this.faces = isMissing ? [] : faces;
    return isMissing;
  }
}

/**
 * @param {Detection[]} faces
 * @param {Rgb} picture
 * @param {number} scale
 * @param {number} multiple
 * @returns {Region | null}
 */
function around(faces, picture, scale, multiple) {
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
 * Cut a part out of a picture.
 * @param {Rgb} picture
 * @param {Region} region
 * @returns {Rgb}
 */
export function cut(picture, { left, top, width, height }) {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const from = ((top + y) * picture.width + left) * 3;
    data.set(picture.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}
