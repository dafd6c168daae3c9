// Frames a second, and whether the device is too slow for the full picture.

/** Frames over which the rate is measured. */
const MEASURED = 20;
/** Milliseconds a frame from which a device counts as slow. */
const SLOW = 200;
/** Milliseconds a frame, of which the detector then sees a third, below which it counts as quick again. */
const QUICK = 60;

export class Rate {
  constructor() {
    /** @type {number[]} */
    this.moments = [];
    /** @type {number[]} */
    this.costs = [];
    this.isSlow = false;
  }

  /**
   * Note a frame. Returns whether the device has just turned out to be slow, or quick again.
   * @param {number} now
   * @param {number} cost milliseconds of work
   */
  note(now, cost) {
    this.moments = [...this.moments, now].slice(-MEASURED - 1);
    this.costs = [...this.costs, cost].slice(-MEASURED);
    if (this.costs.length < MEASURED / 2) return false;
    const middle = [...this.costs].sort((one, other) => one - other)[this.costs.length >> 1];
    if (this.isSlow ? middle >= QUICK : middle <= SLOW) return false;
    this.isSlow = !this.isSlow;
    this.costs = [];
    return true;
  }

  /** Forget the frames before a pause. */
  pause() {
    this.moments = [];
  }

  /** Frames a second; 0 before two frames. */
  get perSecond() {
    if (this.moments.length < 2) return 0;
    const span = this.moments[this.moments.length - 1] - this.moments[0];
    return (1000 * (this.moments.length - 1)) / span;
  }
}
