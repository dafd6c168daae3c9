// The numbers of a chart as a file for spreadsheets.

// As in detector/common/spreadsheet_text.py: text that a spreadsheet would compute gets an apostrophe.
const FORMULA = /((?:^|[,;|\t\r\n\v\f\x1c-\x1f\x85\u2028\u2029])[\s"\u200b\ufeff]*)('*[=+\-@＝＋－＠])/g;
const GROUPED = /^\d{1,3}(,\d{3})+$/;

/**
 * Return a table as CSV. It begins with a byte order mark, by which spreadsheets recognise UTF-8.
 * Numbers are without the separators of the page: in many countries 1,234 is a little more than one.
 * @param {{ rows: Iterable<{ cells: Iterable<{ textContent: string | null }> }> }} table
 */
export function csvOf(table) {
  const lines = [...table.rows].map(({ cells }) => [...cells].map(({ textContent }) => cell(textContent ?? "")).join(","));
  return `\ufeff${lines.join("\r\n")}`;
}

/** @param {string} content */
function cell(content) {
  const text = content.trim();
  if (GROUPED.test(text)) return text.replaceAll(",", "");
  return `"${text.replace(FORMULA, "$1'$2").replaceAll('"', '""')}"`;
}
