// The modules of the live page without a browser. That they find what the server finds is tested in
// Chromium: detector/tests/e2e/test_live.py.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Analyser } from "../../../static/js/live/analyser.js";
import { crop, frameOf } from "../../../static/js/live/crop.js";
import { chosen, decode, iou, networkInput } from "../../../static/js/live/detection.js";
import { calibrated, checkInput, expressionInput, flagsOf } from "../../../static/js/live/expression.js";
import { Finder } from "../../../static/js/live/finder.js";
import { roundEven, scaled, shrink } from "../../../static/js/live/pixels.js";
import { Rate } from "../../../static/js/live/rate.js";
import { Recorder } from "../../../static/js/live/recorder.js";
import { cut } from "../../../static/js/live/region.js";
import { stamp } from "../../../static/js/snapshot.js";
import { Tracker } from "../../../static/js/live/tracker.js";
import { labelPlace } from "../../../static/js/live/view.js";
import { closeUps, fromAfar, whole } from "../../../static/js/live/views.js";

const constants = {
  version: "v0",
  emotions: ["angry", "happy", "neutral"],
  frameSide: 640,
  detectionScale: 0.5,
  slowDetectionScale: 0.3,
  detector: {
    input: "i", outputs: ["h", "s", "o", "p"], stride: 4, multiple: 32, threshold: 0.6, faint: 0.35,
    trace: 0.1, largeShare: 0.1, nmsIou: 0.3, maxShared: 0.5, nearEdge: 0.05, maxRoll: 45, maxWidth: 1.05,
  },
  closer: {
    clearSize: 20, traceSize: 80, side: 320, wholeShare: 0.6, wholeSide: 320, last: 0.7, far: 0.5,
    passes: [[96, 160], [128, 192]], brightPercentile: 98, bright: 230, maxGain: 16,
  },
  crop: { size: 48, sidePerSize: 1.17, rise: 0.08 },
  classifier: { head: "consensus", mirrorBelow: 0.6, softening: false, temperature: 1, bias: [0, 0, 0], uncertainThreshold: 0.57 },
  quality: {
    flags: ["small", "blurred", "turned", "covered", "cut", "tilted", "doubtful"],
    unreadable: ["covered", "cut", "tilted", "doubtful"], doubts: ["eyes_covered", "mouth_covered", "no_face"],
    smallestFace: 24, minSharpness: 0.06, maxTurn: 0.2, eyesCovered: 0.5, mouthCovered: 0.5, minScore: 0.6,
    maxDoubt: [[0.7, 0.02], [0.8, 0.1], [2, 0.7]], maxOutside: 0.25,
  },
};
const landmarks = [[20, 20], [40, 20], [30, 30], [22, 40], [38, 40]];

const face = (x = 10, probabilities = [0.1, 0.8, 0.1], more = {}) => ({
  box: { x, y: 10, width: 40, height: 50 }, landmarks, score: 0.9, outside: 0, upright: true, scale: 0.5, pass: -1,
  probabilities, emotion: "happy", confidence: Math.max(...probabilities), uncertain: false, flags: [], ...more,
});

test("halves are rounded to the even number", () => {
  assert.deepEqual([0.5, 1.5, 2.5, 2.4, 2.6].map(roundEven), [0, 2, 2, 2, 3]);
});

test("shrinking averages areas, and by two it rounds halves up", () => {
  const four = Uint8Array.from([0, 1, 1, 0]);
  assert.deepEqual([...shrink(four, 2, 2, 1, 1, 1)], [1]);
  assert.deepEqual([...shrink(Uint8Array.from([0, 30, 60]), 3, 1, 1, 2, 1)], [10, 50]);
});

test("a frame loses its alpha", () => {
  const data = new Uint8Array(4 * 4 * 4).map((_, at) => [10, 20, 30, 255][at % 4]);
  const small = scaled({ width: 4, height: 4, data }, 0.5);
  assert.deepEqual([small.width, small.height, [...small.data.slice(0, 3)]], [2, 2, [10, 20, 30]]);
});

test("the input of the detector is padded to a multiple", () => {
  const { values, dimensions } = networkInput({ width: 2, height: 1, data: Uint8Array.from([1, 2, 3, 4, 5, 6]) }, constants.detector);
  assert.deepEqual(dimensions, [1, 3, 32, 32]);
  assert.deepEqual([values[0], values[1], values[2], values[1024], values[2049]], [1, 4, 0, 2, 6]);
});

test("a peak of the heat map becomes a face in pixels of the frame", () => {
  const cells = 64;
  const outputs = [1, 2, 2, 10].map((depth) => new Float32Array(depth * cells));
  const at = 3 * 8 + 4;
  outputs[0][at] = 0.9;
  outputs[1][at] = Math.log(5);
  outputs[1][at + cells] = Math.log(4);
  const [found] = decode(outputs, { columns: 8, scale: 0.5, left: 4, top: 0, pass: -1 }, { width: 64, height: 64 }, constants.detector);
  assert.equal(found.score, Math.fround(0.9));
  assert.deepEqual(Object.values(found.box).map((value) => Math.round(value)), [28, 8, 32, 40]);
});

/** A finder that is told what the detector would see; notes where it looked. */
class Told extends Finder {
  constructor(faces) {
    super(constants, async () => ({}), () => this.now);
    Object.assign(this, { now: 0, faces, looked: [] });
  }

  async see(looks) {
    this.now += 10 * looks.length;
    return looks.flatMap((look) => {
      const { picture: { width, height }, scale, left, top, pass } = look;
      this.looked.push(pass < 0 ? `${width}x${height}+${left}+${top} ×${scale}` : `pass ${pass}`);
      return this.faces(look).map((seen) => ({ ...seen, scale, pass }));
    });
  }

  /** Find in a frame. Returns where it looked and how many faces there are. */
  async next(width = 640, height = 480) {
    this.looked = [];
    const data = new Uint8Array(width * height * 4).fill(9);
    const { length } = await this.find({ width, height, data });
    return [length, ...this.looked];
  }
}

const placed = (x, y, size, score = 0.9) => face(x, undefined, { box: { x, y, width: size, height: size }, score });

test("after a whole frame its faces are looked for in a part, until one is missing", async () => {
  let there = [placed(200, 100, 80)];
  const finder = new Told(() => there);
  const [all, part] = ["320x240+0+0 ×0.5", "96x96+64+32 ×0.5"];
  assert.deepEqual(await finder.next(), [1, all]);
  for (let frame = 0; frame < 7; frame += 1) assert.deepEqual(await finder.next(), [1, part]);
  assert.deepEqual(await finder.next(), [1, all]);
  there = [];
  assert.deepEqual((await finder.next()).slice(0, 3), [0, part, all]);
  there = [placed(200, 100, 80)];
  assert.deepEqual(await finder.next(), [1, all]);
  assert.deepEqual(await finder.next(320, 240), [1, "160x120+0+0 ×0.5"]);
});

test("a small face is looked at closer, then followed in the frame's own pixels", async () => {
  const finder = new Told(({ scale }) => [placed(400, 200, 30, scale === 1 ? 0.9 : 0.2)]);
  const [all, close, fine] = ["320x240+0+0 ×0.5", "320x320+255+55 ×1", "64x96+384+160 ×1"];
  assert.deepEqual(await finder.next(), [1, all, close]);
  for (let frame = 0; frame < 7; frame += 1) assert.deepEqual(await finder.next(), [1, fine]);
  assert.deepEqual(await finder.next(), [1, all, fine]);
});

test("beside faces that are known, one close-up after the other is looked at, and seldom", async () => {
  const traces = [placed(10, 10, 30, 0.3), placed(560, 400, 30, 0.2)];
  const finder = new Told(({ scale }) => [placed(280, 200, 80), ...(scale < 1 ? traces : [])]);
  const isCloser = async () => (await finder.next()).slice(1).filter((look) => look.endsWith("×1"));
  assert.equal((await isCloser()).length, 1);
  const looks = [];
  for (let frame = 0; frame < 60; frame += 1) looks.push(...await isCloser());
  assert.deepEqual(looks.slice(0, 2), ["320x320+0+0 ×1", "320x320+320+160 ×1"]);
  assert.ok(looks.length < 8, String(looks.length));
});

test("without a face, the frame is seen from afar and once more, a third of the time", async () => {
  const finder = new Told(() => []);
  const [all, ...more] = ["320x240+0+0 ×0.5", "pass 0", "pass 1", "448x336+0+0 ×0.7"];
  assert.deepEqual(await finder.next(), [0, all, ...more]);
  const kinds = [];
  for (let frame = 0; frame < 8; frame += 1) kinds.push((await finder.next()).length > 2);
  assert.deepEqual(kinds, [false, false, false, false, false, true, false, false]);
  finder.useScale(0.3);
  assert.deepEqual(await finder.next(), [0, "192x144+0+0 ×0.3"]);
});

test("a face that fills the frame is followed from afar", async () => {
  const finder = new Told(({ pass }) => (pass === 1 ? [placed(100, 50, 350, 0.8)] : []));
  assert.deepEqual(await finder.next(), [1, "320x240+0+0 ×0.5", "pass 0", "pass 1"]);
  assert.deepEqual(await finder.next(), [1, "pass 1"]);
});

test("from afar, a frame is brightened and stands on its mean colour", () => {
  const frame = { width: 192, height: 96, data: new Uint8Array(192 * 96 * 4).fill(23) };
  const { picture, scale, left, top } = fromAfar(frame, 0, constants.closer);
  assert.deepEqual([picture.width, picture.height, scale, left, top], [160, 160, 0.5, -32, -56]);
  assert.ok(picture.data.every((value) => value === 230));
});

test("close-ups hold all faces and stay in the frame", () => {
  const faces = [placed(600, 10, 20), placed(500, 60, 20, 0.3), placed(0, 460, 20)];
  assert.deepEqual(closeUps(faces, { width: 640, height: 480 }, 320), [
    { left: 320, top: 0, width: 320, height: 320 }, { left: 0, top: 160, width: 320, height: 320 },
  ]);
  assert.equal(whole({ width: 2, height: 1, data: new Uint8Array(8).fill(7) }, 1).picture.data.length, 6);
});

test("a part of a picture has its pixels", () => {
  const picture = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, at) => at) };
  assert.deepEqual([...cut(picture, { left: 1, top: 1, width: 2, height: 1 }).data], [12, 13, 14, 15, 16, 17]);
});

test("faint faces count only where none is confident, and only if they are large", () => {
  const frame = { width: 100, height: 100 };
  const [sure, faint, small] = [face(10), face(70, undefined, { score: 0.4 }), face(60, undefined, { score: 0.4, box: { x: 0, y: 0, width: 5, height: 5 } })];
  assert.deepEqual(chosen([sure, faint], frame, constants.detector), [sure]);
  assert.deepEqual(chosen([faint, small], frame, constants.detector), [faint]);
  assert.equal(chosen([face(10), face(12)], frame, constants.detector).length, 1);
});

test("a crop is framed by eyes and mouth, or by the box where they contradict", () => {
  const square = frameOf(face(), constants.crop);
  assert.deepEqual([square.x, Math.round(square.side), square.roll], [30, 52, 0]);
  const upsideDown = face(10, undefined, { landmarks: [[20, 40], [40, 40], [30, 30], [22, 20], [38, 20]] });
  assert.equal(frameOf(upsideDown, constants.crop).y, 35);
});

test("a crop of an even frame is even, also beyond its edge", () => {
  const data = new Uint8Array(64 * 64 * 4).fill(200);
  assert.ok(crop({ width: 64, height: 64, data }, face(-30), constants.crop).every((value) => value === 200));
});

test("inputs of the networks", () => {
  assert.deepEqual([...expressionInput(Uint8Array.from([1, 2, 3, 4]), 2, false, true)], [2, 1, 4, 3]);
  const even = checkInput(Uint8Array.from([7, 7, 7, 7]));
  assert.ok(even.every((value) => value === 0));
  const soft = expressionInput(Uint8Array.from([0, 0, 0, 0, 144, 0, 0, 0, 0]), 3, true, false);
  assert.deepEqual([soft[0], soft[1], soft[4]], [1, 10, 100]);
});

test("probabilities are calibrated by bias and temperature", () => {
  const shares = calibrated([1, 2, 3], { ...constants.classifier, bias: [2, 0, 0], temperature: 2 });
  assert.ok(Math.abs(shares.reduce((one, other) => one + other) - 1) < 1e-9);
  assert.ok(Math.abs(shares[0] / shares[2] - 1) < 1e-9);
});

test("flags say why a face is hard to read", () => {
  const pixels = Uint8Array.from({ length: 2304 }, (_, at) => (at % 2 ? 255 : 0));
  const found = (/** @type {object} */ more, scores = [-9, -9, -9]) => (
    flagsOf(pixels, face(10, undefined, more), scores, 48, constants.quality)
  );
  assert.deepEqual(found({}), []);
  assert.deepEqual(found({ score: 0.5 }), ["doubtful"]);
  assert.deepEqual(found({ outside: 0.3, upright: false }), ["cut", "tilted"]);
  assert.deepEqual(found({}, [3, -9, -9]), ["covered"]);
  assert.deepEqual(flagsOf(new Uint8Array(2304), face(), [-9, -9, -9], 48, constants.quality), ["blurred"]);
});

test("an unsure crop is classified mirrored, too", async () => {
  const calls = [];
  const run = async (values, [count]) => {
    calls.push(count);
    const data = new Float32Array(count * 3).map((_, at) => (calls.length === 1 ? [0, 9, 0, 1, 1, 1] : [4, 0, 1])[at]);
    return { consensus: { data, dims: [count, 3] } };
  };
  const analyser = new Analyser(constants, { detector: run, expression: run, check: run });
  const logits = await analyser.logits([new Uint8Array(2304), new Uint8Array(2304)]);
  assert.deepEqual(calls, [2, 1]);
  assert.deepEqual(logits, [[0, 9, 0], [2.5, 0.5, 1]]);
});

test("a face keeps its number while it moves, and a new one gets its own", () => {
  const tracker = new Tracker(constants);
  assert.deepEqual(tracker.update(0, [face(10), face(200)]), [1, 2]);
  assert.deepEqual(tracker.update(100, [face(205), face(18)]), [2, 1]);
  assert.deepEqual(tracker.update(200, [face(400)]), [3]);
  assert.deepEqual(tracker.update(5000, [face(18)]), [4]);
});

test("what is shown is the mean of half a second", () => {
  const tracker = new Tracker(constants);
  tracker.update(0, [face(10, [1, 0, 0])]);
  tracker.update(400, [face(10, [0, 1, 0])]);
  assert.deepEqual(tracker.shown(400)[0].probabilities, [0.5, 0.5, 0]);
  assert.equal(tracker.shown(400)[0].uncertain, true);
  tracker.update(700, [face(10, [0, 1, 0])]);
  const [shown] = tracker.shown(700);
  assert.deepEqual([shown.emotion, shown.confidence, shown.uncertain], ["happy", 1, false]);
  tracker.update(800, [face(10, [0, 1, 0], { flags: ["covered"] })]);
  tracker.update(900, [face(10, [0, 1, 0], { flags: ["covered"] })]);
  assert.equal(tracker.shown(900)[0].uncertain, true);
  assert.equal(iou(tracker.shown(900)[0].box, face(10).box) > 0.99, true);
  assert.deepEqual(tracker.shown(2000), []);
});

test("a label is above its box, below or in it, and never beyond an edge of the picture", () => {
  const [label, frame] = [{ width: 120, height: 24 }, { width: 390, height: 292 }];
  const at = (x, y, width, height) => Object.values(labelPlace({ x, y, width, height }, label, frame, 4));
  assert.deepEqual(at(100, 100, 80, 90), [100, 72]);
  assert.deepEqual(at(100, 10, 80, 90), [100, 104]);
  assert.deepEqual(at(100, 0, 200, 290), [100, 4]);
  for (const x of [-20, 0, 350, 389]) {
    for (const y of [-20, 0, 20, 270, 291]) {
      const [left, top] = at(x, y, 40, 50);
      assert.ok(left >= 4 && left + 120 <= 386 && top >= 4 && top + 24 <= 288, `${x} ${y}: ${left} ${top}`);
    }
  }
});

test("a session has a row for each second, in thousandths, and gaps", () => {
  const recorder = new Recorder({ seconds: 10, faces: 8 });
  recorder.add(100, [face(10, [1, 0, 0])], [1]);
  recorder.add(200, [face(10, [0.4, 0.6, 0], { uncertain: true })], [1]);
  recorder.add(2500, [face(10, [0.2, 0.3, 0.5])], [1]);
  assert.deepEqual(recorder.series(), {
    seconds: 3, faces: [{ first: 0, rows: [[700, 300, 0, 0], null, [200, 300, 500, 0]] }],
  });
});

test("a second is certain only where half of it certainly shows that", () => {
  const labelled = (places, uncertain = []) => {
    const recorder = new Recorder({ seconds: 1, faces: 1 });
    for (const [at, place] of places.entries()) {
      const shown = [0, 1, 2].map((each) => Number(each === place));
      recorder.add(at, [face(10, shown, { uncertain: uncertain.includes(at) })], [1]);
    }
    return recorder.series().faces[0].rows[0][3];
  };
  assert.deepEqual([labelled([1, 1, 1, 0, 2]), labelled([1, 1, 0, 0, 2])], [0, 1]);
  assert.deepEqual([labelled([1, 1, 1, 1], [0, 1]), labelled([1, 1, 1, 1], [0, 1, 2])], [0, 1]);
});

test("of too many faces those stay that were seen longest; an hour is the end", () => {
  const recorder = new Recorder({ seconds: 3, faces: 1 });
  recorder.add(0, [face(), face()], [1, 2]);
  recorder.add(1000, [face()], [2]);
  assert.equal(recorder.isFull, false);
  recorder.add(2000, [face()], [2]);
  recorder.add(9000, [face()], [1]);
  assert.equal(recorder.isFull, true);
  assert.deepEqual(recorder.series().faces.map(({ rows }) => rows.length), [3]);
});

test("a device is found slow once, and quick again", () => {
  const rate = new Rate();
  const noted = (count, cost) => (
    Array.from({ length: count }, (_, at) => rate.note(at * 300, cost)).filter(Boolean).length
  );
  assert.deepEqual([noted(30, 300), rate.isSlow], [1, true]);
  assert.equal(Math.round(rate.perSecond), 3);
  assert.deepEqual([noted(30, 100), rate.isSlow], [0, true]);
  assert.deepEqual([noted(30, 40), rate.isSlow], [1, false]);
  assert.deepEqual([noted(30, 150), rate.isSlow], [0, false]);
  rate.pause();
  assert.equal(rate.perSecond, 0);
});

test("a still is named by the local time", () => {
  assert.match(stamp(new Date()), /^\d{4}-\d\d-\d\d \d\d-\d\d-\d\d$/);
});
