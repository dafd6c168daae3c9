// Sends each chosen file on its own, shows how much of it is sent, then the card that the
// server answers with. Without this script the form sends all files at once.

const AT_A_TIME = 3;

const form = document.getElementById("upload-form");
const input = document.getElementById("images");
const section = document.getElementById("uploads");
const list = document.getElementById("upload-list");
const progressText = document.getElementById("progress");
const rowTemplate = document.getElementById("upload-row");
const maxMegabytes = Number(form.dataset.maxMegabytes);

const waiting = [];
let sending = 0;
let chosen = 0;
let settled = 0;

document.getElementById("send").hidden = true;
for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;

input.addEventListener("change", () => {
  add(input.files);
  input.value = "";
});

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
  add(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData?.files.length) add(event.clipboardData.files);
});

function stopDragging() {
  depth = 0;
  document.body.classList.remove("is-dragging");
}

// --- The queue
function add(files) {
  for (const file of files) {
    const row = rowTemplate.content.firstElementChild.cloneNode(true);
    row.querySelector(".result-name").textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", `Sent of ${file.name}`);
    list.append(row);
    chosen += 1;
    if (file.size > maxMegabytes * 2 ** 20) {
      fail(row, `This file is larger than ${maxMegabytes} MB.`);
    } else {
      waiting.push({ file, row });
    }
  }
  if (chosen) {
    section.hidden = false;
    form.classList.add("is-compact");
  }
  next();
  report();
}

function next() {
  while (sending < AT_A_TIME && waiting.length) send(waiting.shift());
}

function send({ file, row }) {
  sending += 1;
  const bar = row.querySelector("progress");
  const note = row.querySelector(".result-note");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("X-Requested-With", "fetch");
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    bar.value = event.loaded / event.total;
    note.textContent = event.loaded < event.total
      ? `Sending: ${megabytes(event.loaded)} of ${megabytes(event.total)}`
      : "Checking the file";
  });
  request.addEventListener("load", () => {
    if (request.status === 200 && request.responseURL === form.action) show(row, request);
    else fail(row, problem(request));
  });
  request.addEventListener("error", () => fail(row, problem(request), { file }));
  request.addEventListener("loadend", () => {
    sending -= 1;
    next();
  });
  const data = new FormData();
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  // The server keeps 255 characters; longer names do not fit the header of a part.
  data.append("images", file, file.name.slice(-100));
  request.send(data);
}

function show(row, request) {
  row.innerHTML = request.responseText;
  window.htmx.process(row);
  settled += 1;
  report();
}

function fail(row, sentence, again) {
  row.firstElementChild.classList.add("is-rejected");
  row.querySelector("progress")?.remove();
  row.querySelector(".result-note").textContent = sentence;
  settled += 1;
  report();
  if (again) offerRetry(row, again.file);
}

function offerRetry(row, file) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Send again";
  button.addEventListener("click", () => {
    row.remove();
    chosen -= 1;
    settled -= 1;
    add([file]);
  });
  row.querySelector(".result-text").append(button);
}

function problem(request) {
  if (request.status === 0) return "The connection was lost before the file was sent.";
  if (request.status === 413) return "This file is too large to be sent.";
  if (request.status === 403) return "Your session has changed. Reload this page, then send the file again.";
  if (request.status === 429) return "Too many uploads at once. Wait a minute, then try again.";
  if (request.status >= 500) return "Something went wrong on our side. Try again in a moment.";
  if (request.responseURL !== form.action) return "You are logged out. Log in, then send the file again.";
  return "This file was not accepted.";
}

// --- What is told to everyone, also to screen readers
function report() {
  const done = list.querySelectorAll("[data-state=done], [data-state=failed], .is-rejected").length;
  progressText.textContent = settled < chosen
    ? `${settled} of ${chosen} sent`
    : `${done} of ${chosen} finished`;
}

document.addEventListener("htmx:afterSettle", report);

window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
