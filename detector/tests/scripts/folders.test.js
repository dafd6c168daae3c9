import assert from "node:assert/strict";
import { test } from "node:test";
import { areFolders } from "../../../static/js/folders.js";

test("folders among what was dropped are told from files", () => {
  const entry = (isDirectory) => ({ kind: "file", webkitGetAsEntry: () => ({ isDirectory }) });
  const text = { kind: "string" };
  const odd = { kind: "file", webkitGetAsEntry: () => null };
  assert.deepEqual(areFolders([entry(false), text, entry(true), odd, { kind: "file" }]), [false, true, false, false]);
});
