// Frame → faces with their expressions: the counterpart of ml/inference.py.
/** @import { Constants, Face, Pixels } from "./types.js" */
import { crop } from "./crop.js";
import { calibrated, checkInput, expressionInput, flagsOf, judged, softmax } from "./expression.js";
import { Finder } from "./finder.js";

/**
 * @typedef {(values: Float32Array, dimensions: number[]) => Promise<Record<string, { data: Float32Array, dims: readonly number[] }>>} Run
 * Runs a network on its one input; returns its outputs by name.
 *
 * @typedef {{ detector: Run, expression: Run, check: Run }} Networks
 */

export class Analyser {
  /**
   * @param {Constants} constants
   * @param {Networks} networks
   */
  constructor(constants, networks) {
    this.constants = constants;
    this.networks = networks;
    this.finder = new Finder(constants, networks.detector);
  }

  /**
   * Return the faces of a frame, from left to right.
   * @param {Pixels} frame
   * @returns {Promise<Face[]>}
   */
  async analyse(frame) {
    const faces = await this.finder.find(frame);
    if (faces.length === 0) return [];
    const { classifier, crop: { size }, quality } = this.constants;
    const crops = faces.map((face) => crop(frame, face, this.constants.crop));
    const scores = await this.batch(this.networks.check, crops.map((pixels) => checkInput(pixels)));
    const logits = await this.logits(crops);
    return faces.map((face, at) => {
      const flags = flagsOf(crops[at], face, Object.values(scores)[0][at], size, quality);
      return judged(face, calibrated(logits[at], classifier), flags, this.constants);
    });
  }

  /**
   * Return the logits of each crop, averaged with those of the mirrored crop where unsure.
   * @param {Uint8Array[]} crops
   */
  async logits(crops) {
    const { head, mirrorBelow, softening } = this.constants.classifier;
    const inputOf = (/** @type {Uint8Array} */ pixels, /** @type {boolean} */ mirror) => (
      expressionInput(pixels, this.constants.crop.size, softening, mirror)
    );
    const run = this.networks.expression;
    const logits = (await this.batch(run, crops.map((pixels) => inputOf(pixels, false))))[head];
    const unsure = crops.flatMap((_, at) => (Math.max(...softmax(logits[at])) <= mirrorBelow ? [at] : []));
    if (unsure.length === 0) return logits;
    const mirrored = (await this.batch(run, unsure.map((at) => inputOf(crops[at], true))))[head];
    for (const [place, at] of unsure.entries()) {
      logits[at] = logits[at].map((value, emotion) => (value + mirrored[place][emotion]) / 2);
    }
    return logits;
  }

  /**
   * Run a network on several crops at once. Returns a row for each crop, by name of the output.
   * @param {Run} run
   * @param {Float32Array[]} inputs
   * @returns {Promise<Record<string, number[][]>>}
   */
  async batch(run, inputs) {
    const { size } = this.constants.crop;
    const values = new Float32Array(inputs.length * size * size);
    for (const [at, input] of inputs.entries()) values.set(input, at * size * size);
    const outputs = await run(values, [inputs.length, size, size, 1]);
    return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => {
      const width = data.length / inputs.length;
      return [name, inputs.map((_, at) => Array.from(data.subarray(at * width, (at + 1) * width)))];
    }));
  }
}
