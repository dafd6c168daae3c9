// A face in the list and its box in the picture are highlighted together. All events are delegated,
// because the result replaces itself when the analysis ends.

function mark(number) {
  for (const element of document.querySelectorAll("[data-face]")) {
    element.classList.toggle("is-active", element.dataset.face === number);
  }
}

const faceOf = (target) => target?.closest?.("[data-face]")?.dataset.face ?? null;

document.addEventListener("pointerover", (event) => mark(faceOf(event.target)));
document.addEventListener("focusin", (event) => mark(faceOf(event.target)));

// Following a box moves the focus to the entry of the face, so that the keyboard continues there.
// The entry is scrolled to where it is visible beside or below the picture (scroll-margin).
function reveal(number) {
  const entry = document.getElementById(`face-${number}`);
  if (!entry) return;
  // On a narrow screen the picture may stay above the entries and cover this much of them.
  const layout = entry.closest(".photo-layout");
  const isAbove = parseFloat(getComputedStyle(layout).getPropertyValue("--above")) > 0;
  layout.style.setProperty("--covered", isAbove ? `${layout.firstElementChild.offsetHeight}px` : "0px");
  const { top, bottom } = entry.getBoundingClientRect();
  const style = getComputedStyle(entry);
  const isSeen = top >= parseFloat(style.scrollMarginTop) && bottom <= innerHeight - parseFloat(style.scrollMarginBottom);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!isSeen) entry.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  entry.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("a.face-box");
  if (!box) return;
  event.preventDefault();
  reveal(box.dataset.face);
});

// A correction removes the button that was pressed: move the focus to its face.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const form = detail.requestConfig?.elt;
  if (form?.closest(".correction")) reveal(faceOf(form));
});
