// Sends the chosen video at once and shows how far it is. Without this script the form does it.

const form = document.getElementById("video-form");
const input = document.getElementById("video-input");
const sending = document.getElementById("sending");
const bar = document.getElementById("sent");
const note = document.getElementById("sending-note");
const problem = document.getElementById("problem");
const maxMegabytes = Number(form.dataset.maxMegabytes);
let busy = false;

document.getElementById("send").hidden = true;
input.addEventListener("change", () => {
  if (input.files.length) send(input.files[0]);
});

function send(file) {
  problem.hidden = true;
  if (file.size > maxMegabytes * 2 ** 20) return fail(`This file is larger than ${maxMegabytes} MB.`);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("X-Requested-With", "fetch");
  request.upload.addEventListener("progress", ({ lengthComputable, loaded, total }) => {
    if (!lengthComputable) return;
    bar.value = loaded / total;
    note.textContent = loaded < total
      ? `Sending: ${megabytes(loaded)} of ${megabytes(total)}`
      : "Checking the video";
  });
  request.addEventListener("load", () => finish(request));
  request.addEventListener("error", () => fail("The connection was lost before the video was sent."));
  const data = new FormData();
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  data.append("video", file);
  [sending.hidden, busy] = [false, true];
  note.textContent = "Sending";
  request.send(data);
  return undefined;
}

function finish(request) {
  const answer = read(request.responseText);
  busy = false;
  if (answer?.url) location.assign(answer.url);
  else if (answer?.error) fail(answer.error.message);
  else if (request.status === 403) fail("Your session has changed. Load the page anew.");
  else if (request.status === 413) fail("This file is too large to be sent.");
  else if (request.status >= 500) fail("Something went wrong on our side. Try again in a moment.");
  else fail("This video was not accepted.");
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fail(sentence) {
  [sending.hidden, busy] = [true, false];
  input.value = "";
  problem.textContent = sentence;
  problem.hidden = false;
}

window.addEventListener("beforeunload", (event) => {
  if (busy) event.preventDefault();
});

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
