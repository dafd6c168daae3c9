// Keeps the text in forms with data-draft until the server has stored it: for people who leave the
// page, and for people who must log in when they save. Drafts belong to one tab and one user.

const PREFIX = "draft:";
const { person } = document.body.dataset;
const asks = "asks" in document.body.dataset;
// A sent draft is kept until the next page: if that page asks for a login, the form was not saved.
const WAITS = "waits";
const SENT = "sent";

// Not `form.action`: this is a field if the form has one of this name.
const addressOf = (form) => form.getAttribute("action") ?? "";
const keyOf = (form) => `${PREFIX}${person}:${new URL(addressOf(form), location.href).pathname}`;
const isTyped = ({ name, type }) => name && !["hidden", "password", "file", "submit", "button"].includes(type);

function valuesOf(form) {
  const found = [];
  for (const field of form.elements) {
    if (!isTyped(field)) continue;
    if (field.type !== "radio" && field.type !== "checkbox") found.push([field.name, field.value]);
    else if (field.checked) found.push([field.name, field.value]);
  }
  return JSON.stringify(found);
}

function fill(form, values) {
  const given = JSON.parse(values);
  for (const field of form.elements) {
    if (!isTyped(field)) continue;
    const own = given.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "radio" || field.type === "checkbox") field.checked = own.includes(field.value);
    else if (own.length) [field.value] = own;
  }
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, draft) {
  try {
    sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // The storage is full or not allowed: keep nothing.
  }
}

const keys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
const drafts = () => [...document.querySelectorAll("form[data-draft]")];

// The values from the server: equal values are no draft.
const saved = new WeakMap();
// The values that were sent last.
const sent = new WeakMap();

function restore(form) {
  if (saved.has(form)) return;
  saved.set(form, valuesOf(form));
  const draft = read(keyOf(form));
  if (!draft) return;
  if (draft.values === saved.get(form)) {
    sessionStorage.removeItem(keyOf(form));
    return;
  }
  fill(form, draft.values);
  form.append(notice(form));
}

function notice(form) {
  const box = document.createElement("div");
  box.className = "notice notice-caution draft-notice";
  box.setAttribute("role", "status");
  const text = document.createElement("p");
  text.textContent = "This is what you had typed. It is not saved yet.";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet";
  button.textContent = "Discard it";
  button.addEventListener("click", () => {
    fill(form, saved.get(form));
    sessionStorage.removeItem(keyOf(form));
    box.remove();
  });
  box.append(text, button);
  return box;
}

function keep(form, state) {
  const values = valuesOf(form);
  if (values === saved.get(form)) sessionStorage.removeItem(keyOf(form));
  else write(keyOf(form), { values, state });
}

if (asks) {
  for (const key of keys()) write(key, { ...read(key), state: WAITS });
} else {
  for (const key of keys()) if (read(key)?.state === SENT) sessionStorage.removeItem(key);
}
if (person) {
  drafts().forEach(restore);
  document.addEventListener("htmx:load", () => drafts().forEach(restore));
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form) keep(form, WAITS);
  });
}

document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-draft]")) keep(event.target, SENT);
  // Delete the drafts at logout.
  if (addressOf(event.target).endsWith("/logout/")) keys().forEach((key) => sessionStorage.removeItem(key));
}, true);

// Not when it is submitted: a second press waits for the answer to the first one.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.elt.matches?.("form[data-draft]")) sent.set(detail.elt, valuesOf(detail.elt));
});

// An answer replaces the form in the page. If it shows errors, the draft is still unsaved, and so is
// what was typed while the form was on its way.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const form = detail.requestConfig.elt;
  if (!form.matches?.("form[data-draft]")) return;
  const isTaken = detail.xhr.status < 400 && detail.shouldSwap && !detail.xhr.responseText.includes("errorlist");
  const values = valuesOf(form);
  if (!isTaken) keep(form, WAITS);
  else if (values === sent.get(form)) sessionStorage.removeItem(keyOf(form));
  else write(keyOf(form), { values, state: WAITS });
});

document.addEventListener("htmx:sendError", ({ detail }) => {
  if (detail.elt.matches?.("form[data-draft]")) keep(detail.elt, WAITS);
});

// --- Closing the tab loses the drafts, so the browser asks. Other pages of the site keep them.
let staysHere = false;
document.addEventListener("click", (event) => {
  staysHere = Boolean(event.target.closest("a, button, label"));
}, true);
document.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
  if (detail.xhr.getResponseHeader("HX-Redirect")) staysHere = true;
});
window.addEventListener("beforeunload", (event) => {
  if (!staysHere && drafts().some((form) => read(keyOf(form))?.state === WAITS)) event.preventDefault();
});
