// Pictures as files: what a camera shows, and what a canvas holds.

const JPEG_QUALITY = 0.92;

/**
 * Return the present picture of a video as a JPEG file. Raises DOMException where it shows none.
 *
 * @param {HTMLVideoElement} video
 * @returns {Promise<File>}
 */
export async function snapshot(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const name = `Camera ${stamp(new Date())}.jpg`;
  return new File([await encoded(canvas, "image/jpeg")], name, { type: "image/jpeg" });
}

/**
 * Return the picture of a canvas in a format. Raises DOMException where it has no pixel.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {"image/jpeg" | "image/png"} format
 * @returns {Promise<Blob>}
 */
export function encoded(canvas, format) {
  return new Promise((done, failed) => {
    canvas.toBlob((blob) => {
      if (blob) done(blob);
      else failed(new DOMException("There is no picture.", "AbortError"));
    }, format, JPEG_QUALITY);
  });
}

/**
 * Return a moment in local time, as it stands in the name of a file.
 *
 * @param {Date} moment
 */
export function stamp(moment) {
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(":", "-").replace("T", " ");
}
