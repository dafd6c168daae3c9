import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf, obstacle, presentToken, send } from "../../../static/js/live/keep.js";

test("a session is sent while somebody is logged in, else it is said why not", async () => {
  const asked = [];
  const answering = (answer) => { globalThis.fetch = async (...request) => { asked.push(request); return answer; }; };
  answering({ ok: true });
  assert.equal(await obstacle("/live/sessions/"), "");
  assert.deepEqual(asked, [["/live/sessions/", { method: "HEAD", redirect: "manual" }]]);
  answering({ ok: false, status: 0, type: "opaqueredirect" });
  assert.match(await obstacle("/live/sessions/"), /no longer logged in/);
  answering({ ok: false, status: 503, type: "basic" });
  assert.match(await obstacle("/live/sessions/"), /did not answer as expected/);
  globalThis.fetch = async () => { throw new TypeError("offline"); };
  assert.match(await obstacle("/live/sessions/"), /cannot be reached/);
});

test("a session that is discarded while it is checked is not sent", async () => {
  globalThis.document = { cookie: "" };
  const problem = { toggleAttribute: () => {} };
  const kept = async (meanwhile) => {
    const series = { value: "first" };
    const form = {
      action: "/live/sessions/", hidden: false, dataset: {}, sends: 0, elements: { namedItem: () => series },
      submit() { this.sends += 1; },
    };
    globalThis.fetch = async () => { meanwhile(form, series); return { ok: true }; };
    await send({ preventDefault: () => {} }, form, { value: "" }, problem);
    return form.sends;
  };
  assert.equal(await kept(() => {}), 1);
  assert.equal(await kept((form) => { form.hidden = true; }), 0);
  assert.equal(await kept((_, series) => { series.value = "second"; }), 0);
});

test("the token is that of the latest log-in", () => {
  assert.equal(presentToken("a=b; csrftoken=new", "old"), "new");
  assert.equal(presentToken("a=b", "old"), "old");
  assert.equal(presentToken("", "old"), "old");
});

test("a session is named by the time of the account, not of the device", () => {
  const late = new Date("2026-05-04T18:40:00Z");
  assert.equal(nameOf(late, "en-gb", "Asia/Kolkata"), "Live, 5 May 2026, 00:10");
  assert.equal(nameOf(late, "en-gb", "America/New_York"), "Live, 4 May 2026, 14:40");
  assert.match(nameOf(late, "en-gb", "Mars/Olympus"), /^Live, \d May 2026, \d\d:\d\d$/);
});
