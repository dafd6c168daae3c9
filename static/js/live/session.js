// One run of the camera: pictures go through the networks, one at a time, until it is stopped.
/** @import { Engine, Seen } from "./engine.js" */
/** @import { Constants } from "./types.js" */
/** @import { Limits } from "./recorder.js" */
/** @import { Shown } from "./tracker.js" */
import { freshPictures } from "./camera.js";
import { Rate } from "./rate.js";
import { Recorder } from "./recorder.js";
import { Tracker } from "./tracker.js";

/**
 * @typedef {object} Moment What is known after a frame.
 * @property {Shown[]} faces the largest first
 * @property {Seen} seen
 * @property {number} elapsed running milliseconds, without pauses
 */

export class Session extends EventTarget {
  /**
   * @param {HTMLVideoElement} video
   * @param {Engine} engine
   * @param {Constants} constants
   * @param {Limits} limits
   */
  constructor(video, engine, constants, limits) {
    super();
    this.video = video;
    this.engine = engine;
    this.constants = constants;
    this.tracker = new Tracker(constants);
    this.recorder = new Recorder(limits);
    this.rate = new Rate();
    this.startedAt = new Date();
    this.before = 0;
    this.resumedAt = performance.now();
    this.isOver = false;
    /** @type {Set<string>} */
    this.pauses = new Set();
    /** @type {(() => void) | null} */
    this.resumed = null;
  }

  /** Running milliseconds, without pauses. */
  get elapsed() {
    return this.before + (this.pauses.size ? 0 : performance.now() - this.resumedAt);
  }

  /**
   * Pause or go on for one reason; it runs while there is none.
   * @param {string} reason
   * @param {boolean} isPaused
   */
  pause(reason, isPaused) {
    const { elapsed } = this;
    if (isPaused) this.pauses.add(reason);
    else this.pauses.delete(reason);
    this.before = elapsed;
    this.resumedAt = performance.now();
    this.rate.pause();
    if (!this.pauses.size) this.resumed?.();
  }

  end() {
    this.before = this.elapsed;
    this.pauses.add("end");
    this.isOver = true;
    this.resumed?.();
  }

  /** Run until it ends. Raises Error where the networks fail. */
  async run() {
    const fresh = freshPictures(this.video, () => this.isOver);
    while (!this.isOver) {
      if (this.pauses.size) await new Promise((done) => { this.resumed = () => done(undefined); });
      else {
        await fresh();
        if (!this.pauses.size) await this.look();
      }
    }
  }

  async look() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return;
    const began = performance.now();
    const shrink = Math.min(this.constants.frameSide / Math.max(videoWidth, videoHeight), 1);
    const bitmap = await createImageBitmap(this.video, {
      resizeWidth: Math.round(videoWidth * shrink),
      resizeHeight: Math.round(videoHeight * shrink),
      resizeQuality: "medium",
    });
    const seen = await this.engine.look(bitmap);
    if (this.pauses.size) return;
    const now = performance.now();
    const numbers = this.tracker.update(now, seen.faces);
    const { elapsed } = this;
    this.recorder.add(elapsed, seen.faces, numbers);
    if (this.rate.note(now, now - began)) this.adapt();
    const detail = { faces: this.tracker.shown(now), seen, elapsed };
    this.dispatchEvent(new CustomEvent("moment", { detail }));
    if (this.recorder.isFull) this.dispatchEvent(new Event("full"));
  }

  /** See less of each frame on a slow device, and all again once it is quick. */
  adapt() {
    const { detectionScale, slowDetectionScale } = this.constants;
    this.engine.useScale(this.rate.isSlow ? slowDetectionScale : detectionScale);
    if (this.rate.isSlow) this.dispatchEvent(new Event("slow"));
  }
}
