// Playing a video from a script.

/**
 * Play a video. A pause, or another source, that comes before the first picture ends the attempt:
 * somebody asked for that, so it is no error. Raises DOMException where the video cannot be played.
 *
 * @param {HTMLVideoElement} video
 */
export async function play(video) {
  try {
    await video.play();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
  }
}
