// Draws what was seen: boxes over the picture, bars, and the chart of the last minute.
/** @import { Shown } from "./tracker.js" */
import { percent } from "../percent.js";

const SVG = "http://www.w3.org/2000/svg";
const SECONDS = 60;
/** Milliseconds between two points of the chart. */
const STEP = 250;

/**
 * @typedef {{ key: string, label: string, emoji: string }} Emotion
 */

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** Height of the letters of a label, in pixels of the screen. */
const FONT = 13.5;
/** Room between a box and its label, and between a label and the edge of the picture. */
const GAP = 4;

/**
 * Return where a label is wholly in the picture: above its box, else below it, else in it.
 * @param {import("./types.js").Box} box
 * @param {{ width: number, height: number }} label
 * @param {{ width: number, height: number }} frame
 * @param {number} gap
 */
export function labelPlace(box, label, frame, gap) {
  const inside = (/** @type {number} */ at, /** @type {number} */ length, /** @type {number} */ all) => (
    Math.max(Math.min(at, all - length - gap), gap)
  );
  const above = box.y - label.height - gap;
  const below = box.y + box.height + gap;
  const fitsBelow = below + label.height + gap <= frame.height;
  const top = above >= gap ? above : fitsBelow ? below : box.y + gap;
  return { left: inside(box.x, label.width, frame.width), top: inside(top, label.height, frame.height) };
}

/** Boxes with labels, in the pixels of the frame. */
export class Boxes {
  /**
   * @param {SVGSVGElement} svg
   * @param {Emotion[]} emotions
   */
  constructor(svg, emotions) {
    this.svg = svg;
    this.emotions = new Map(emotions.map((emotion) => [emotion.key, emotion]));
    /** @type {Map<string, number>} */
    this.widths = new Map();
    this.pen = document.createElement("canvas").getContext("2d");
  }

  /**
   * Return the width of a label on the screen.
   * @param {string} words
   */
  widthOf(words) {
    const known = this.widths.get(words);
    if (known !== undefined || !this.pen) return known ?? words.length * 9;
    this.pen.font = `650 ${FONT}px ${getComputedStyle(this.svg).fontFamily}`;
    const width = this.pen.measureText(words).width + 20;
    this.widths.set(words, width);
    return width;
  }

  /**
   * @param {Shown[]} faces
   * @param {{ width: number, height: number }} frame
   * @param {boolean} isMirrored
   */
  draw(faces, frame, isMirrored) {
    this.svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    const unit = frame.width / Math.max(this.svg.clientWidth, 1);
    this.svg.replaceChildren(...faces.map((face) => this.group(face, frame, isMirrored, unit)));
  }

  /**
   * @param {Shown} face
   * @param {{ width: number, height: number }} frame
   * @param {boolean} isMirrored
   * @param {number} unit pixels of the frame in one of the screen
   */
  group({ number, box, emotion, confidence, uncertain }, frame, isMirrored, unit) {
    const x = isMirrored ? frame.width - box.x - box.width : box.x;
    const group = element("g", {
      class: `live-face emotion-${emotion}${uncertain ? " is-uncertain" : ""}`, "data-face": number,
    });
    const known = this.emotions.get(emotion);
    const words = `${known?.emoji} ${known?.label} ${percent(confidence)}${uncertain ? " ?" : ""}`;
    const size = { width: this.widthOf(words) * unit, height: 24 * unit };
    const { left, top } = labelPlace({ ...box, x }, size, frame, GAP * unit);
    const label = element("text", { x: left + 10 * unit, y: top + 16.5 * unit, "font-size": FONT * unit });
    label.textContent = words;
    group.append(
      element("rect", { class: "live-box", x, y: box.y, width: box.width, height: box.height, rx: 8 * unit }),
      element("rect", { class: "live-tag", x: left, y: top, ...size, rx: 12 * unit }),
      label,
    );
    return group;
  }
}

/** A bar for each emotion. */
export class Bars {
  /** @param {HTMLElement} list */
  constructor(list) {
    this.rows = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-emotion]"))];
  }

  /** @param {Shown | undefined} face */
  draw(face) {
    for (const [at, row] of this.rows.entries()) {
      const share = face?.probabilities[at] ?? 0;
      row.querySelector("rect")?.setAttribute("width", String(100 * share));
      row.classList.toggle("is-top", row.dataset.emotion === face?.emotion);
      const words = row.querySelector(".percent");
      if (words) words.textContent = face ? percent(share) : "–";
    }
  }
}

/** A line for each emotion over the last minute; gaps where no face was seen. */
export class Chart {
  /**
   * @param {SVGSVGElement} svg
   * @param {Emotion[]} emotions
   */
  constructor(svg, emotions) {
    this.width = svg.viewBox.baseVal.width;
    this.height = svg.viewBox.baseVal.height;
    /** @type {{ at: number, probabilities: number[] | null }[]} */
    this.points = [];
    const lines = [0.25, 0.5, 0.75].map((share) => (
      element("line", { class: "live-grid", x1: 0, x2: this.width, y1: this.height * share, y2: this.height * share })
    ));
    this.paths = emotions.map(({ key }) => element("path", { class: `live-line emotion-${key}`, d: "" }));
    svg.replaceChildren(...lines, ...this.paths);
  }

  /**
   * Add a point, unless the last one is too near.
   * @param {number} now running milliseconds
   * @param {Shown | undefined} face
   */
  add(now, face) {
    const last = this.points.at(-1);
    if (last && now - last.at < STEP) return;
    this.points.push({ at: now, probabilities: face?.probabilities ?? null });
    this.points = this.points.filter(({ at }) => now - at <= SECONDS * 1000);
    for (const [emotion, path] of this.paths.entries()) path.setAttribute("d", this.line(emotion, now));
  }

  /**
   * @param {number} emotion
   * @param {number} now
   */
  line(emotion, now) {
    let pen = "M";
    return this.points.map(({ at, probabilities }) => {
      if (!probabilities) {
        pen = "M";
        return "";
      }
      const x = this.width * (1 - (now - at) / (SECONDS * 1000));
      const y = 2 + (this.height - 4) * (1 - probabilities[emotion]);
      const part = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
      return part;
    }).join("");
  }
}

/**
 * Return the badge of a face.
 * @param {Shown} face
 * @param {Map<string, string>} labels of the expressions
 */
export function badge({ emotion, confidence, uncertain }, labels) {
  const made = document.createElement("span");
  made.className = uncertain ? "badge badge-caution" : `badge badge-emotion emotion-${emotion}`;
  made.textContent = uncertain ? "Uncertain" : `${labels.get(emotion)} ${percent(confidence)}`;
  return made;
}
