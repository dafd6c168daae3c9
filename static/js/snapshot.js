// A picture of what a camera shows, as a file that can be uploaded.

const JPEG_QUALITY = 0.92;

/**
 * Return the present picture of a video as a JPEG file. Raises DOMException where it shows none.
 *
 * @param {HTMLVideoElement} video
 * @returns {Promise<File>}
 */
export function snapshot(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const name = `Camera ${stamp(new Date())}.jpg`;
  return new Promise((done, failed) => {
    canvas.toBlob((blob) => {
      if (blob) done(new File([blob], name, { type: "image/jpeg" }));
      else failed(new DOMException("The video shows no picture.", "AbortError"));
    }, "image/jpeg", JPEG_QUALITY);
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
