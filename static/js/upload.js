// Sends each chosen file in a request of its own, shows the progress, then the card from the
// answer. Without this script the form sends all files at once.

import { areFolders, REFUSAL } from "./folders.js";
import { refusalOf } from "./refusals.js";

const AT_A_TIME = 3;

const form = document.getElementById("upload-form");
const input = document.getElementById("images");
const section = document.getElementById("uploads");
const list = document.getElementById("upload-list");
const progressText = document.getElementById("progress");
const rowTemplate = document.getElementById("upload-row");
const maxMegabytes = Number(form.dataset.maxMegabytes);
const maxArchiveMegabytes = Number(form.dataset.maxArchiveMegabytes);
// Limit of the server, in characters.
const MAX_NAME = 255;
// More characters of four bytes each do not fit into the header of a part.
const SENT_NAME = 200;

const waiting = [];
let sending = 0;
let chosen = 0;
let settled = 0;

document.getElementById("send").hidden = true;
for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;

input.addEventListener("change", takeChosen);

function takeChosen() {
  add(input.files);
  input.value = "";
}

// --- Drag and drop anywhere, and paste
let depth = 0;
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragenter", (event) => {
  if (!holdsFiles(event)) return;
  depth += 1;
  document.body.classList.add("is-dragging");
});
document.addEventListener("dragleave", (event) => {
  if (!holdsFiles(event)) return;
  depth -= 1;
  if (depth <= 0) stopDragging();
});
document.addEventListener("dragover", (event) => {
  if (holdsFiles(event)) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  stopDragging();
  add(event.dataTransfer.files, "web", areFolders(event.dataTransfer.items));
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData?.files.length) add(event.clipboardData.files);
});
document.addEventListener("camera:photo", (event) => add([event.detail], "camera"));

function stopDragging() {
  depth = 0;
  document.body.classList.remove("is-dragging");
}

// --- The queue
function add(files, source = "web", folders = []) {
  for (const [place, file] of [...files].entries()) {
    const row = rowTemplate.content.firstElementChild.cloneNode(true);
    row.querySelector(".result-name").textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", `Sent of ${file.name}`);
    list.append(row);
    chosen += 1;
    const refusal = folders[place] ? REFUSAL : refused(file);
    if (refusal) {
      fail(row, refusal);
    } else {
      preview(row, file);
      waiting.push({ file, row, source });
    }
  }
  if (chosen) {
    section.hidden = false;
    form.classList.add("is-compact");
  }
  next();
  report();
}

// Refuse what the server would refuse after minutes of sending.
function refused(file) {
  const limit = isArchive(file) ? maxArchiveMegabytes : maxMegabytes;
  if (file.size > limit * 2 ** 20) return `This file is larger than ${limit} MB.`;
  if ([...file.name].length > MAX_NAME) {
    return `The name of this file is too long. Give it one of at most ${MAX_NAME} characters.`;
  }
  return "";
}

const isArchive = (file) => /zip/.test(file.type) || /\.zip$/i.test(file.name);

// Show the picture while it is being sent; formats that the browser cannot show keep the icon.
function preview(row, file) {
  if (!file.type.startsWith("image/")) return;
  const place = row.querySelector(".result-picture");
  const image = new Image();
  image.alt = "";
  image.className = "is-local";
  image.addEventListener("load", () => {
    place.classList.remove("no-picture");
    place.replaceChildren(image);
    URL.revokeObjectURL(image.src);
  });
  image.addEventListener("error", () => URL.revokeObjectURL(image.src));
  image.src = URL.createObjectURL(file);
}

function next() {
  while (sending < AT_A_TIME && waiting.length) send(waiting.shift());
}

function send({ file, row, source }) {
  sending += 1;
  const bar = row.querySelector("progress");
  const note = row.querySelector(".result-note");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("X-Requested-With", "fetch");
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    bar.value = event.loaded / event.total;
    const isSent = event.loaded >= event.total;
    bar.classList.toggle("is-waiting", isSent);
    note.textContent = isSent
      ? isArchive(file) ? "Checking the photos in the archive" : "Checking the file"
      : `Sending: ${megabytes(event.loaded)} of ${megabytes(event.total)}`;
  });
  request.addEventListener("load", () => {
    if (request.status === 200 && request.responseURL === form.action) show(row, request);
    else refuse(row, request, { file, source });
  });
  request.addEventListener("error", () => refuse(row, request, { file, source }));
  request.addEventListener("loadend", () => {
    sending -= 1;
    next();
  });
  const data = new FormData();
  data.append("csrfmiddlewaretoken", token());
  data.append("source", source);
  // The token is that of whoever is logged in now, who may be somebody else.
  data.append("person", document.body.dataset.person);
  data.append("forget", form.querySelector("#forget").checked ? "yes" : "no");
  // The server makes each card poll more slowly if there are many.
  data.append("together", String(Math.min(chosen, 999)));
  data.append("images", file, [...file.name].slice(-SENT_NAME).join(""));
  request.send(data);
}

// After a login in another tab, the CSRF token in the form of this page is out of date.
function token() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie?.split("=")[1] ?? form.elements.csrfmiddlewaretoken.value;
}

function refuse(row, request, sent) {
  const { sentence, again, first } = refusalOf(request.status, request.responseURL);
  fail(row, sentence);
  if (again) offerRetry(row, { ...sent, first });
}

function show(row, request) {
  row.innerHTML = request.responseText;
  window.htmx.process(row);
  settled += 1;
  report();
}

function fail(row, sentence) {
  row.firstElementChild.classList.add("is-rejected");
  row.querySelector("progress")?.remove();
  const note = row.querySelector(".result-note");
  note.textContent = sentence;
  note.classList.remove("muted");
  settled += 1;
  report();
}

// Only this page has the files, so what must be done first opens in a new tab.
function offerRetry(row, { file, source, first }) {
  const place = row.querySelector(".result-text");
  if (first) {
    const link = document.createElement("a");
    link.href = first.address;
    link.target = "_blank";
    link.textContent = `${first.label} (opens a new tab)`;
    place.append(link);
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Send again";
  button.addEventListener("click", () => {
    row.remove();
    chosen -= 1;
    settled -= 1;
    add([file], source);
    // The pressed button is gone.
    section.focus();
  });
  place.append(button);
}

// --- Announcements, also for screen readers
function report() {
  const done = list.querySelectorAll("[data-state=done], [data-state=failed], .is-rejected").length;
  const refused = list.querySelectorAll(".is-rejected").length;
  const text = settled < chosen
    ? `${settled} of ${chosen} sent`
    : `${done} of ${list.querySelectorAll(".result-card").length} finished`;
  progressText.textContent = refused ? `${text}, ${refused} not accepted` : text;
}

document.addEventListener("htmx:afterSettle", report);

// Somebody may choose before this script comes.
if (input.files.length) takeChosen();

window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
