// Folders that are dropped among files: browsers give them as files that cannot be read.

export const REFUSAL = "This is a folder. Choose the photos in it, or make a ZIP of it.";

/**
 * Return for each file of a drop whether it is a folder, in the order of the files.
 *
 * @param {Iterable<{ kind: string, webkitGetAsEntry?: () => { isDirectory: boolean } | null }>} items
 */
export function areFolders(items) {
  return [...items]
    .filter(({ kind }) => kind === "file")
    .map((item) => Boolean(item.webkitGetAsEntry?.()?.isDirectory));
}
