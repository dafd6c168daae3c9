// Finds the faces of one frame after the other: the counterpart of ml/face_detection.py, which
// remembers where faces were, so that most frames are seen in part only.
/** @import { Run } from "./analyser.js" */
/** @import { Look } from "./views.js" */
/** @import { Constants, Detection, Pixels } from "./types.js" */
import { chosen, confident, decode, isOneFace, largeFaces, networkInput, ordered, sizeOf } from "./detection.js";
import { around } from "./region.js";
import * as views from "./views.js";

/** Frames in a row that may be seen in part; then one is seen whole, in which new faces are found. */
const PARTS = 7;
/** Most pixels of all parts around small faces, in those of a whole frame in the first pass. */
const MAX_FINE = 2;
/** Time from one closer look to the next, in what the one took: while faces are seen, and without. */
const REST = 9;
const LONELY_REST = 2;

export class Finder {
  /**
   * @param {Constants} constants
   * @param {Run} run the detector
   * @param {() => number} clock in milliseconds
   */
  constructor(constants, run, clock = () => performance.now()) {
    this.detector = constants.detector;
    this.closer = constants.closer;
    this.run = run;
    this.clock = clock;
    this.usualScale = constants.detectionScale;
    this.scale = constants.detectionScale;
    this.size = "";
    this.turn = 0;
    /** @type {Detection[]} */
    this.known = [];
    this.parts = 0;
    this.mayLookFrom = 0;
  }

  /** Forget the faces of the frames before. */
  forget() {
    this.known = [];
    this.parts = 0;
    this.mayLookFrom = 0;
  }

  /**
   * See frames at another scale from now on; at a smaller one than usual, nothing is seen closer.
   * @param {number} scale
   */
  useScale(scale) {
    this.scale = scale;
    this.forget();
  }

  /**
   * Return the faces of a frame, from left to right.
   * @param {Pixels} frame
   * @returns {Promise<Detection[]>}
   */
  async find(frame) {
    const size = `${frame.width} ${frame.height}`;
    if (size !== this.size) this.forget();
    this.size = size;
    const looks = this.known.length && this.parts < PARTS ? this.following(frame) : null;
    this.parts += 1;
    const faces = looks ? chosen(await this.see(looks, frame), frame, this.detector) : [];
    if (looks && faces.length >= this.known.length) this.known = faces;
    else {
      this.parts = 0;
      this.known = await this.search(frame);
    }
    return this.known;
  }

  /**
   * Return the looks at the faces that are known; null where all of the frame is to be seen.
   * @param {Pixels} frame
   * @returns {Look[] | null}
   */
  following(frame) {
    const [{ pass }] = this.known;
    if (pass >= 0) return [views.fromAfar(frame, pass, this.closer)];
    const fine = this.known.filter(({ scale }) => scale === 1);
    const looks = this.finely(fine, frame);
    if (looks.length < fine.length) return null;
    const rest = this.known.filter(({ scale }) => scale < 1);
    if (rest.length === 0) return looks;
    const { scale } = rest[0];
    const { picture } = views.whole(frame, scale);
    const region = around(rest, picture, scale, this.detector.multiple);
    return region && [views.part(picture, region, scale), ...looks];
  }

  /**
   * Return a look at each of some faces in the frame's own pixels; none if that takes too long.
   * @param {Detection[]} faces
   * @param {Pixels} frame
   */
  finely(faces, frame) {
    const regions = faces.flatMap((face) => around([face], frame, 1, this.detector.multiple) ?? []);
    const pixels = regions.reduce((sum, { width, height }) => sum + width * height, 0);
    if (pixels > MAX_FINE * this.scale ** 2 * frame.width * frame.height) return [];
    return regions.map((region) => views.part(frame, region, 1));
  }

  /**
   * Look at the whole frame, and closer where a face may be small, if it is time for that.
   * @param {Pixels} frame
   */
  async search(frame) {
    const coarse = await this.see([views.whole(frame, this.scale)], frame);
    const least = this.closer.clearSize / this.scale;
    const clear = confident(coarse, this.detector).filter(({ box }) => sizeOf(box) >= least);
    const small = this.others(this.known.filter(({ scale }) => scale === 1), clear);
    const fine = confident(await this.see(this.finely(small, frame), frame), this.detector);
    const traces = this.others(coarse, [...clear, ...fine])
      .filter(({ box }) => sizeOf(box) <= this.closer.traceSize / this.scale);
    const seen = [...coarse.filter((face) => clear.includes(face) || !this.overlapsAny(face, fine)), ...fine];
    const began = this.clock();
    if (this.scale < this.usualScale || began < this.mayLookFrom) return chosen(seen, frame, this.detector);
    const isKnown = this.known.length > 0 && clear.length + fine.length > 0;
    const faces = isKnown ? await this.lookAtOne(seen, traces, frame) : await this.lookCloser(coarse, traces, frame);
    const now = this.clock();
    this.mayLookFrom = now + (now - began) * (faces.length ? REST : LONELY_REST);
    // What is clear at the smaller scale is followed there, which is quicker.
    return faces.map((face) => (this.overlapsAny(face, clear) ? { ...face, scale: this.scale } : face));
  }

  /**
   * Look closer at some of the traces, at others the next time.
   * @param {Detection[]} seen
   * @param {Detection[]} traces
   * @param {Pixels} frame
   */
  async lookAtOne(seen, traces, frame) {
    const squares = views.closeUps(traces, frame, this.closer.side);
    if (squares.length === 0) return chosen(seen, frame, this.detector);
    const square = squares[this.turn % squares.length];
    this.turn += 1;
    const kept = seen.filter((face) => !traces.includes(face) || !views.holds(square, face));
    return chosen([...kept, ...await this.seeInside([square], frame)], frame, this.detector);
  }

  /**
   * Look closer at all traces; where nothing is found, look for faces that fill the frame, are dark,
   * or left no trace.
   * @param {Detection[]} coarse
   * @param {Detection[]} traces
   * @param {Pixels} frame
   */
  async lookCloser(coarse, traces, frame) {
    const { side, wholeShare, wholeSide, last } = this.closer;
    const { width, height } = frame;
    const squares = views.closeUps(traces, frame, side);
    const isWhole = squares.length * side ** 2 > wholeShare * width * height;
    const candidates = isWhole
      ? await this.see([views.whole(frame, 1)], frame)
      : [...coarse.filter((face) => !traces.includes(face)), ...await this.seeInside(squares, frame)];
    let faces = confident(candidates, this.detector);
    if (faces.length === 0) faces = await this.lookAgain(candidates, frame);
    if (faces.length === 0 && !isWhole && Math.max(width, height) > wholeSide) {
      faces = confident(await this.see([views.whole(frame, last)], frame), this.detector);
    }
    return ordered(faces, this.detector);
  }

  /**
   * Return the large faces of the first pass from afar that is confident, else the best.
   * @param {Detection[]} candidates
   * @param {Pixels} frame
   */
  async lookAgain(candidates, frame) {
    const { faint, threshold } = this.detector;
    const best = (/** @type {Detection[]} */ faces) => Math.max(0, ...faces.map(({ score }) => score));
    let budget = (1 - this.scale ** 2) * frame.width * frame.height;
    /** @type {Detection[]} */
    let found = [];
    for (const pass of this.closer.passes.keys()) {
      const look = views.fromAfar(frame, pass, this.closer);
      budget -= look.picture.width * look.picture.height;
      if (budget < 0 || best(found) >= threshold) break;
      const large = largeFaces(await this.see([look], frame), frame, this.closer.far, this.detector);
      if (best(large) > best(found)) found = large;
    }
    const large = largeFaces(candidates, frame, faint, this.detector);
    return best(found) > best(large) ? found : large;
  }

  /**
   * Return the faces that are wholly in one of some squares of the frame.
   * @param {import("./region.js").Region[]} squares
   * @param {Pixels} frame
   */
  async seeInside(squares, frame) {
    const found = [];
    for (const square of squares) {
      const faces = await this.see([views.part(frame, square, 1)], frame);
      found.push(...faces.filter((face) => views.holds(square, face)));
    }
    return found;
  }

  /**
   * Run the detector on each picture. Returns all that may be a face.
   * @param {Look[]} looks
   * @param {Pixels} frame
   * @returns {Promise<Detection[]>}
   */
  async see(looks, frame) {
    const found = [];
    for (const { picture, ...place } of looks) {
      const { values, dimensions } = networkInput(picture, this.detector);
      const outputs = await this.run(values, dimensions);
      const arrays = this.detector.outputs.map((name) => outputs[name].data);
      found.push(...decode(arrays, { columns: dimensions[3] / this.detector.stride, ...place }, frame, this.detector));
    }
    return found;
  }

  /**
   * Return the faces that overlap no known one.
   * @param {Detection[]} faces
   * @param {Detection[]} known
   */
  others(faces, known) {
    return faces.filter((face) => !this.overlapsAny(face, known));
  }

  /**
   * @param {Detection} face
   * @param {Detection[]} known
   */
  overlapsAny(face, known) {
    return known.some((other) => isOneFace(face, other, this.detector));
  }
}
