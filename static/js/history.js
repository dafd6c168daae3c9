// Choosing photos: shows how many, and selects a range with the shift key. The rest needs no script.

const form = document.getElementById("several");
const boxes = () => [...document.querySelectorAll(".pick input")];
let last = null;

function tell() {
  const chosen = boxes().filter((box) => box.checked).length;
  form.querySelector("[data-chosen]").textContent = `${chosen} ${chosen === 1 ? "photo" : "photos"} chosen`;
}

form?.addEventListener("click", (event) => {
  if (!event.target.matches(".pick input")) return;
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
  if (event.shiftKey && from >= 0) {
    for (const box of all.slice(from, to + 1)) box.checked = event.target.checked;
  }
  last = event.target;
  tell();
});

form?.addEventListener("reset", () => setTimeout(tell));
// Boxes may be checked already: after a refused tag, or after going back.
if (form) window.addEventListener("pageshow", tell);

// --- A tag without text: show the error in place, and keep the chosen photos.
const tag = document.getElementById("several-tag");
const problem = document.querySelector("[data-tag-problem]");

function refuseTag(sentence) {
  problem.textContent = sentence;
  problem.hidden = !sentence;
  if (sentence) tag.setAttribute("aria-invalid", "true");
  else tag.removeAttribute("aria-invalid");
}

form?.addEventListener("submit", (event) => {
  if (event.submitter?.value !== "tag" || tag.value.trim()) return;
  event.preventDefault();
  refuseTag(problem.dataset.tagProblem);
  tag.focus();
});
tag?.addEventListener("input", () => refuseTag(""));

document.querySelector("[data-submits]")?.addEventListener("change", (event) => event.target.form.submit());
