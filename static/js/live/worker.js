// Runs the networks beside the page, which stays responsive. It loads them once and sends nothing:
// frames come in as messages, faces go out as messages.
/** @import { Addresses, Constants, Pixels } from "./types.js" */
/** @import { Run } from "./analyser.js" */
import { Analyser } from "./analyser.js";

const MAX_THREADS = 4;
/** Cores left to the camera and the page: threads that wait for one of them take longer together. */
const SPARED = 1;

/** @type {Analyser | undefined} */
let analyser;
/** @type {OffscreenCanvasRenderingContext2D | undefined} */
let context;

addEventListener("message", async ({ data }) => {
  try {
    if (data.kind === "load") await load(data.constants, data.addresses);
    else if (data.kind === "scale") analyser?.finder.useScale(data.scale);
    else if (data.kind === "forget") analyser?.finder.forget();
    else if (data.kind === "frame") await look(data.id, data.bitmap);
  } catch (error) {
    postMessage({ kind: "error", during: data.kind, message: String(error) });
  }
});

/**
 * @param {Constants} constants
 * @param {Addresses} addresses
 */
async function load(constants, addresses) {
  const parts = [addresses.detector, addresses.expression, addresses.check];
  const [ort, ...files] = await Promise.all([import(addresses.runtime), ...parts.map(fetched)]);
  const cores = navigator.hardwareConcurrency - SPARED;
  const threads = crossOriginIsolated ? Math.max(Math.min(cores, MAX_THREADS), 1) : 1;
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = { mjs: addresses.mjs, wasm: addresses.wasm };
  const runs = [];
  // One after the other: the first one starts the runtime.
  for (const file of files) runs.push(await runOf(ort, file));
  const [detector, expression, check] = runs;
  analyser = new Analyser(constants, { detector, expression, check });
  postMessage({ kind: "ready", threads });
}

/**
 * @param {string} address
 * @returns {Promise<Uint8Array>}
 */
async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * @param {any} ort
 * @param {Uint8Array} file
 * @returns {Promise<Run>}
 */
async function runOf(ort, file) {
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
  const [input] = session.inputNames;
  return (values, dimensions) => (
    session.run({ [input]: new ort.Tensor("float32", values, dimensions) })
  );
}

/**
 * @param {number} id
 * @param {ImageBitmap} bitmap
 */
async function look(id, bitmap) {
  if (!analyser) throw new Error("The networks are not loaded.");
  const began = performance.now();
  const { width, height } = bitmap;
  if (!context || context.canvas.width !== width || context.canvas.height !== height) {
    context = /** @type {OffscreenCanvasRenderingContext2D} */ (
      new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })
    );
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const faces = await analyser.analyse(context.getImageData(0, 0, width, height));
  postMessage({ kind: "faces", id, width, height, faces, ms: performance.now() - began });
}
