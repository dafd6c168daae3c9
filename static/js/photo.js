// A face in the list and its box in the picture light up together. Everything is delegated,
// because the result replaces itself when the analysis ends.

function mark(number) {
  for (const element of document.querySelectorAll("[data-face]")) {
    element.classList.toggle("is-active", element.dataset.face === number);
  }
}

const faceOf = (target) => target?.closest?.("[data-face]")?.dataset.face ?? null;

document.addEventListener("pointerover", (event) => mark(faceOf(event.target)));
document.addEventListener("focusin", (event) => mark(faceOf(event.target)));

// Following a box moves the focus to the face's entry, so that the keyboard goes on from there.
document.addEventListener("click", (event) => {
  const box = event.target.closest("a.face-box");
  if (!box) return;
  event.preventDefault();
  const entry = document.getElementById(`face-${box.dataset.face}`);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  entry.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  entry.focus({ preventScroll: true });
});
