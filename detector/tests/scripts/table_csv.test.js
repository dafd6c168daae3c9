// The numbers of a chart in a spreadsheet.
import assert from "node:assert/strict";
import { test } from "node:test";

import { csvOf } from "../../../static/js/table_csv.js";

const table = (...rows) => ({ rows: rows.map((cells) => ({ cells: cells.map((textContent) => ({ textContent })) })) });

test("a table keeps its numbers and its words", () => {
  const text = csvOf(table(["Day", "Faces"], [" 😀 Happy ", "1,234,567"], ['say "so"', "12"], ["1,2", "50 %"]));
  assert.equal(text, '\ufeff"Day","Faces"\r\n"😀 Happy",1234567\r\n"say ""so""","12"\r\n"1,2","50 %"');
});

test("nothing in it becomes a formula", () => {
  assert.equal(csvOf(table(["=1+1", "a;-b"])), "\ufeff\"'=1+1\",\"a;'-b\"");
});
