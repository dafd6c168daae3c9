// One key for each verdict. The next face is on the page already, hidden: a verdict shows it at once
// and is sent in the background. Verdicts are sent in their order.

import { announce, sayError, showNotices } from "./notices.js";

const root = document.getElementById("review");
const end = root.querySelector(".review-end");
let shownSince = performance.now();
let sending = Promise.resolve();
let wanting = 0;
// Judged here but not yet sent: the server must not give these again.
const unsent = new Set();

const cases = () => [...root.querySelectorAll(".review-case")];
const current = () => root.querySelector(".review-case:not([data-waits])");

function show(form) {
  end.hidden = Boolean(form) || wanting > 0;
  if (!form) return;
  form.removeAttribute("data-waits");
  form.inert = false;
  // Focus the form, not a button: Enter must not give the first verdict.
  form.focus({ preventScroll: true });
  shownSince = performance.now();
}

function hide(form) {
  form.setAttribute("data-waits", "");
  form.inert = true;
}

// A face that is being loaded counts, too, so that "All done" is shown only when it is true. `take` gets
// the face of the answer, `missing` is called where it has none, and `lost` is said where no answer comes.
function send(address, body, { take, lost, missing = () => {}, id = "" }) {
  if (id) unsent.add(id);
  wanting += 1;
  sending = sending.then(async () => {
    for (const form of cases()) body.append("have", form.dataset.case);
    for (const id of unsent) body.append("have", id);
    try {
      const answer = await fetch(address, {
        method: "POST", body, headers: { "HX-Request": "true" }, credentials: "same-origin",
      });
      const elsewhere = answer.headers.get("HX-Redirect");
      // The session has ended: the face comes again after the log-in.
      if (elsewhere) { location.assign(elsewhere); return; }
      const text = await answer.text();
      const page = new DOMParser().parseFromString(text, "text/html");
      if (answer.ok) receive(page, take, missing);
      else say(page.body.textContent.trim());
    } catch {
      say(`The server cannot be reached. ${lost}`);
    } finally {
      wanting -= 1;
      if (id) unsent.delete(id);
      if (!current()) show(cases()[0]);
    }
  });
}

function receive(page, take, missing) {
  const progress = page.getElementById("review-progress");
  // An answer without progress is the log-in page.
  if (!progress) { location.reload(); return; }
  document.getElementById("review-progress").replaceWith(document.adoptNode(progress));
  const error = page.getElementById("review-error");
  if (error) showNotices([document.adoptNode(error)], "person");
  const form = page.querySelector(".review-case");
  if (form) take(document.adoptNode(form));
  else missing();
}

const say = (text) => sayError(text || "The server did not answer as expected. Reload the page.");

const addLast = (form) => end.before(form);

function addFirst(form) {
  const here = current();
  if (here) hide(here);
  root.prepend(form);
  show(form);
}

function leave(form, address, values, words) {
  const body = new FormData(form);
  for (const [name, value] of Object.entries(values)) body.set(name, value);
  document.getElementById("notices").replaceChildren();
  form.remove();
  announce(words);
  const next = cases()[0];
  send(address, body, { take: addLast, lost: "What you said last may not have been kept. Reload the page.", id: form.dataset.case });
  show(next);
}

function judge(button) {
  const form = button.form;
  if (button.classList.contains("is-skip")) {
    leave(form, form.dataset.skip, {}, "Skipped.");
    return;
  }
  const seconds = ((performance.now() - shownSince) / 1000).toFixed(2);
  const words = `${button.querySelector("span:not(.emoji)").textContent}.`;
  leave(form, form.action, { verdict: button.value, seconds }, words);
}

function undo() {
  const form = root.querySelector("[data-undo]");
  const take = (face) => {
    announce("Taken back.");
    addFirst(face);
  };
  const missing = () => announce("No face came back: nothing was there to take back, or somebody else has the face now.");
  send(form.action, new FormData(form), { take, missing, lost: "What you said last may not have been taken back. Reload the page." });
}

root.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches("[data-undo]")) undo();
  else if (event.target.matches(".review-case")) {
    // Enter in the comment moves the focus back to the keys; it gives no verdict.
    if (event.submitter && document.activeElement?.name !== "comment") judge(event.submitter);
    else event.target.focus();
  } else event.target.submit();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const writes = event.target.closest("input, textarea, select");
  if (writes && event.key === "Escape") writes.blur();
  if (writes || event.repeat) return;
  const key = event.key.toUpperCase();
  if (key === "Z") { event.preventDefault(); undo(); return; }
  const form = current();
  if (!form) return;
  const target = form.querySelector(`[aria-keyshortcuts="${CSS.escape(key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("button")) judge(target);
  else target.focus();
});

show(current());
