// What a frame told, on the page: boxes, bars, the chart of the last minute, the rate, and words.
/** @import { Moment } from "./session.js" */
/** @import { Shown } from "./tracker.js" */
/** @import { Emotion } from "./view.js" */
import { badge, Bars, Boxes, Chart } from "./view.js";
import { byId, hint, isRemarking, say } from "./words.js";

/** Milliseconds between two announcements to screen readers. */
const ANNOUNCED = 4000;
/** Milliseconds between two new figures of the rate. */
const RATE_SHOWN = 500;
/** Milliseconds without a face until the page says so. */
const LONELY = 1500;

/** The part of the page that shows what one session finds. */
export class Display {
  /** @param {Emotion[]} emotions */
  constructor(emotions) {
    this.root = /** @type {HTMLElement} */ (byId("live"));
    this.labels = new Map(emotions.map(({ key, label }) => [key, label]));
    this.boxes = new Boxes(byId("live-boxes"), emotions);
    this.bars = new Bars(byId("live-bars"));
    this.chart = new Chart(byId("live-chart"), emotions);
    this.rateShownAt = 0;
    this.announcedAt = 0;
    this.faceSeenAt = 0;
    this.announced = "";
  }

  /** Take away what was said of the last frame; the chart of the last minute stays. */
  clear() {
    this.boxes.draw([], { width: 1, height: 1 }, false);
    this.bars.draw(undefined);
    byId("live-now").replaceChildren();
    byId("live-which").textContent = "";
  }

  /**
   * Show what a frame told.
   * @param {Moment} moment
   * @param {boolean} isMirrored
   * @param {number} perSecond frames
   */
  draw({ faces, seen, elapsed }, isMirrored, perSecond) {
    const [first] = faces;
    const now = performance.now();
    this.boxes.draw(faces, seen, isMirrored);
    this.bars.draw(first);
    this.chart.add(elapsed, first);
    byId("live-now").replaceChildren(...(first ? [badge(first, this.labels)] : []));
    if (first) this.faceSeenAt = now;
    if (now - this.rateShownAt > RATE_SHOWN) {
      this.rateShownAt = now;
      byId("live-rate").textContent = `${Math.round(perSecond)} frames/s`;
      this.root.dataset.rate = String(perSecond);
      this.tellFaces(faces, now);
    }
  }

  /**
   * @param {Shown[]} faces
   * @param {number} now
   */
  tellFaces(faces, now) {
    const [first] = faces;
    const isLonely = !first && now - this.faceSeenAt > LONELY;
    byId("live-which").textContent = first
      ? `Face ${first.number}${faces.length > 1 ? `, the largest of ${faces.length}` : ""}`
      : "No face in the picture.";
    if (!isRemarking()) hint(isLonely ? "No face in the picture. Come closer, and turn to the light." : "");
    const words = first ? `${this.labels.get(first.emotion)}${first.uncertain ? ", uncertain" : ""}` : "No face";
    if (words !== this.announced && now - this.announcedAt > ANNOUNCED) {
      [this.announced, this.announcedAt] = [words, now];
      say(words);
    }
  }
}
