// The worker with the networks, as the page sees it.
/** @import { Addresses, Constants, Face } from "./types.js" */

/**
 * @typedef {object} Seen
 * @property {number} id
 * @property {number} width
 * @property {number} height
 * @property {Face[]} faces
 * @property {number} ms
 */

export class Engine {
  /** @param {Worker} worker */
  constructor(worker) {
    this.worker = worker;
    this.frames = 0;
    /** @type {{ done: (answer: any) => void, failed: (error: Error) => void } | null} */
    this.waiting = null;
    /** @type {Promise<any>} The answer to the last question. */
    this.last = Promise.resolve();
    worker.addEventListener("message", ({ data }) => {
      if (data.kind === "error") this.settle(null, new Error(data.message));
      else this.settle(data, null);
    });
    worker.addEventListener("error", (event) => this.settle(null, new Error(event.message)));
  }

  /**
   * Load the networks.
   * @param {string} script
   * @param {Constants} constants
   * @param {Addresses} addresses
   * @returns {Promise<Engine>}
   */
  static async load(script, constants, addresses) {
    const engine = new Engine(new Worker(script, { type: "module" }));
    const absolute = Object.entries(addresses).map(([name, path]) => [name, new URL(path, location.href).href]);
    try {
      await engine.ask({ kind: "load", constants, addresses: Object.fromEntries(absolute) }, []);
    } catch (error) {
      engine.end();
      throw error;
    }
    return engine;
  }

  /**
   * Return the faces of a picture, which is given away.
   * @param {ImageBitmap} bitmap
   * @returns {Promise<Seen>}
   */
  look(bitmap) {
    this.frames += 1;
    return this.ask({ kind: "frame", id: this.frames, bitmap }, [bitmap]);
  }

  /** @param {number} scale */
  useScale(scale) {
    this.worker.postMessage({ kind: "scale", scale });
  }

  /** Forget the faces of the frames before: what comes next shows something else. */
  forget() {
    this.worker.postMessage({ kind: "forget" });
  }

  end() {
    this.worker.terminate();
  }

  /**
   * Ask the worker. A session that ended may still wait for its last answer: that comes first.
   * @param {object} message
   * @param {Transferable[]} given
   * @returns {Promise<any>}
   */
  ask(message, given) {
    const answer = () => new Promise((done, failed) => {
      this.waiting = { done, failed };
      this.worker.postMessage(message, given);
    });
    this.last = this.last.then(answer, answer);
    return this.last;
  }

  /**
   * @param {unknown} answer
   * @param {Error | null} error
   */
  settle(answer, error) {
    const { waiting } = this;
    this.waiting = null;
    if (error) waiting?.failed(error);
    else waiting?.done(answer);
  }
}
