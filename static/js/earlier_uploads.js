// Which of the uploads that a browser remembers of a file is to be gone on with.

/**
 * @typedef {object} Earlier as tus-js-client remembers it
 * @property {string | null} uploadUrl
 * @property {Record<string, string>} [metadata] as it was begun with
 */

/**
 * Return the uploads that the server has no more, and one to go on with. What becomes of the video
 * was said when its upload began, so one that began with another wish is left where it is.
 * @template {Earlier} T
 * @param {T[]} all
 * @param {Set<string>} known ids of those that the server still has
 * @param {string} wish whether to forget the video: `yes` or `no`
 * @returns {{ gone: T[], usable: T | undefined }}
 */
export function choose(all, known, wish) {
  const isKnown = (/** @type {T} */ one) => known.has(idOf(one.uploadUrl) ?? "");
  return {
    gone: all.filter((one) => !isKnown(one)),
    usable: all.find((one) => isKnown(one) && one.metadata?.forget === wish),
  };
}

/**
 * Return the id in the address of an upload.
 * @param {string | null | undefined} address
 */
export function idOf(address) {
  return address?.split("/").at(-2);
}
