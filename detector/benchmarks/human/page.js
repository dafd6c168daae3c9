// A page like /live/ that reads the camera by @vladmandic/human: faces and expressions, nothing else.
import Human from "./node_modules/@vladmandic/human/dist/human.esm.js";

const MEASURED = 20;
const wish = new URLSearchParams(location.search);
const off = { enabled: false };
// "every": each frame is detected and classified anew, as on /live/. "reuse": its own settings, by
// which a mesh of 468 points follows the face and an expression may be 1.5 seconds old.
const everyFrame = { skipFrames: 0, skipTime: 0 };
const isEvery = wish.get("frames") === "every";
const human = new Human({
  backend: wish.get("backend") ?? "wasm",
  wasmPath: new URL("node_modules/@tensorflow/tfjs-backend-wasm/dist/", location.href).href,
  modelBasePath: new URL("node_modules/@vladmandic/human/models/", location.href).href,
  debug: false,
  ...(isEvery && { cacheSensitivity: 0 }),
  face: {
    enabled: true,
    detector: isEvery ? everyFrame : {},
    mesh: { enabled: !isEvery },
    emotion: { enabled: true, ...(isEvery && everyFrame) },
    iris: off,
    description: off,
  },
  filter: off, body: off, hand: off, object: off, gesture: off, segmentation: off,
});

const [live, video, boxes, start] = ["live", "live-video", "live-boxes", "live-start"].map((id) => document.getElementById(id));
let loading = null;
const prepared = () => (loading ??= human.load());
start.addEventListener("pointerenter", prepared);
start.addEventListener("click", async () => {
  const coming = prepared();
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, frameRate: 30 } });
  await video.play();
  await coming;
  live.dataset.backend = human.config.backend;
  let moments = [];
  let fresh = Promise.withResolvers();
  video.requestVideoFrameCallback(function note() {
    fresh.resolve();
    video.requestVideoFrameCallback(note);
  });
  for (;;) {
    await fresh.promise;
    fresh = Promise.withResolvers();
    const { face } = await human.detect(video);
    draw(face);
    moments = [...moments, performance.now()].slice(-MEASURED - 1);
    live.dataset.rate = String((1000 * (moments.length - 1)) / (moments.at(-1) - moments[0] || 1));
  }
});

function draw(faces) {
  boxes.innerHTML = faces.map(({ box: [x, y, width, height], emotion }) => (
    `<g><rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="red"/>
    <text x="${x}" y="${y}">${emotion?.[0]?.emotion} ${emotion?.[0]?.score}</text></g>`
  )).join("");
}
