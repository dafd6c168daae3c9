// Keeps for each second and each face how likely each expression was: the numbers of a session.
/** @import { Face } from "./types.js" */

/** A row holds thousandths, which sum to about this. */
export const WHOLE = 1000;

/**
 * @typedef {object} Limits
 * @property {number} seconds
 * @property {number} faces
 *
 * @typedef {object} Series
 * @property {number} seconds
 * @property {{ first: number, rows: (number[] | null)[] }[]} faces A row holds the thousandths of
 *   each emotion, then 1 where the second is uncertain; null stands for a second without the face.
 *
 * @typedef {object} Second
 * @property {number[]} sums of the probabilities of each emotion
 * @property {number} frames
 * @property {number[]} sure how many frames showed each emotion for certain
 */

export class Recorder {
  /** @param {Limits} limits */
  constructor(limits) {
    this.limits = limits;
    this.seconds = 0;
    /** @type {Map<number, Map<number, Second>>} */
    this.faces = new Map();
  }

  /** Whether the longest session is over. */
  get isFull() {
    return this.seconds >= this.limits.seconds;
  }

  /**
   * Add the faces of a frame.
   * @param {number} elapsed milliseconds since the start, without pauses
   * @param {Face[]} faces
   * @param {number[]} numbers of the tracks of these faces
   */
  add(elapsed, faces, numbers) {
    const second = Math.floor(elapsed / 1000);
    if (second >= this.limits.seconds) return;
    this.seconds = Math.max(this.seconds, second + 1);
    for (const [at, face] of faces.entries()) {
      const rows = this.faces.get(numbers[at]) ?? new Map();
      this.faces.set(numbers[at], rows);
      const none = () => face.probabilities.map(() => 0);
      const row = rows.get(second) ?? { sums: none(), frames: 0, sure: none() };
      rows.set(second, row);
      row.sums = row.sums.map((/** @type {number} */ sum, /** @type {number} */ emotion) => sum + face.probabilities[emotion]);
      row.frames += 1;
      if (!face.uncertain) row.sure[highest(face.probabilities)] += 1;
    }
  }

  /**
   * Return what a session keeps: of too many faces those that were seen longest.
   * @returns {Series}
   */
  series() {
    const longest = [...this.faces].sort(([, one], [, other]) => other.size - one.size);
    const kept = longest.slice(0, this.limits.faces).sort(([one], [other]) => one - other);
    return { seconds: this.seconds, faces: kept.map(([, rows]) => compact(rows)) };
  }
}

/**
 * A face may change within a second, and show three expressions: a second is uncertain unless half of
 * its frames show the expression of their mean for certain, as in videos.
 * @param {Map<number, Second>} rows
 */
function compact(rows) {
  const first = Math.min(...rows.keys());
  const last = Math.max(...rows.keys());
  const list = Array.from({ length: last - first + 1 }, (_, at) => {
    const row = rows.get(first + at);
    if (!row) return null;
    const thousandths = row.sums.map((sum) => Math.round((WHOLE * sum) / row.frames));
    return [...thousandths, Number(row.sure[highest(thousandths)] * 2 < row.frames)];
  });
  return { first, rows: list };
}

/**
 * Return the place of the highest of some values.
 * @param {number[]} values
 */
function highest(values) {
  return values.indexOf(Math.max(...values));
}
