// Follows faces from frame to frame, and smooths what is shown of them.
/** @import { Box, Constants, Face } from "./types.js" */
import { iou } from "./detection.js";

/** Milliseconds over which probabilities are averaged. */
export const SMOOTHED = 500;
/** Milliseconds after which a face that was not seen is somebody new. */
const FORGOTTEN = 2000;
/** Milliseconds for which the box of a face stays that one frame missed. */
const SHOWN = 250;
/** Least overlap of a face with where it was. */
const SAME = 0.2;
/** Share of the new place in the box that is shown; the rest is where it was. */
const FOLLOW = 0.6;

/**
 * @typedef {object} Track
 * @property {number} number from 1, in the order of appearance
 * @property {Box} box as shown
 * @property {Box} place where it was seen last
 * @property {number} seen
 * @property {{ at: number, probabilities: number[], unreadable: boolean }[]} samples
 *
 * @typedef {object} Shown
 * @property {number} number
 * @property {Box} box
 * @property {number[]} probabilities
 * @property {string} emotion
 * @property {number} confidence
 * @property {boolean} uncertain
 */

export class Tracker {
  /** @param {Constants} constants */
  constructor(constants) {
    this.constants = constants;
    /** @type {Track[]} */
    this.tracks = [];
    this.count = 0;
  }

  /**
   * Take the faces of a frame. Returns the number of the track of each.
   * @param {number} now in milliseconds
   * @param {Face[]} faces
   * @returns {number[]}
   */
  update(now, faces) {
    this.tracks = this.tracks.filter(({ seen }) => now - seen <= FORGOTTEN);
    const pairs = faces.flatMap((face, at) => (
      this.tracks.map((track) => ({ at, track, overlap: iou(face.box, track.place) }))
    ));
    /** @type {Map<number, Track>} */
    const found = new Map();
    for (const { at, track, overlap } of pairs.sort((one, other) => other.overlap - one.overlap)) {
      const isTaken = found.has(at) || [...found.values()].includes(track);
      if (overlap >= SAME && !isTaken) found.set(at, track);
    }
    return faces.map((face, at) => {
      const track = found.get(at) ?? this.begin(face, now);
      this.follow(track, face, now);
      return track.number;
    });
  }

  /**
   * @param {Face} face
   * @param {number} now
   * @returns {Track}
   */
  begin(face, now) {
    this.count += 1;
    const track = { number: this.count, box: face.box, place: face.box, seen: now, samples: [] };
    this.tracks.push(track);
    return track;
  }

  /**
   * @param {Track} track
   * @param {Face} face
   * @param {number} now
   */
  follow(track, face, now) {
    const isBack = now - track.seen > SMOOTHED;
    track.place = face.box;
    track.box = isBack ? face.box : mixed(track.box, face.box);
    track.seen = now;
    const unreadable = face.flags.some((flag) => this.constants.quality.unreadable.includes(flag));
    track.samples.push({ at: now, probabilities: face.probabilities, unreadable });
    track.samples = track.samples.filter(({ at }) => now - at <= SMOOTHED);
  }

  /**
   * Return the faces to show, the largest first.
   * @param {number} now
   * @returns {Shown[]}
   */
  shown(now) {
    return this.tracks
      .filter(({ seen }) => now - seen <= SHOWN)
      .map((track) => this.summary(track))
      .sort((one, other) => other.box.width * other.box.height - one.box.width * one.box.height);
  }

  /**
   * @param {Track} track
   * @returns {Shown}
   */
  summary({ number, box, samples }) {
    const probabilities = this.constants.emotions.map((_, emotion) => (
      samples.reduce((sum, sample) => sum + sample.probabilities[emotion], 0) / samples.length
    ));
    const confidence = Math.max(...probabilities);
    const unreadable = samples.filter((sample) => sample.unreadable).length * 2 >= samples.length;
    return {
      number,
      box,
      probabilities,
      emotion: this.constants.emotions[probabilities.indexOf(confidence)],
      confidence,
      uncertain: unreadable || confidence < this.constants.classifier.uncertainThreshold,
    };
  }
}

/**
 * @param {Box} before
 * @param {Box} now
 * @returns {Box}
 */
function mixed(before, now) {
  const mix = (/** @type {number} */ one, /** @type {number} */ other) => one + FOLLOW * (other - one);
  return {
    x: mix(before.x, now.x),
    y: mix(before.y, now.y),
    width: mix(before.width, now.width),
    height: mix(before.height, now.height),
  };
}
