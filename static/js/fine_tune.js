// Updates the progress of a fine-tune while it runs.

const EVERY = 2000;

async function refresh() {
  const part = document.querySelector("[data-progress][data-open]");
  if (!part) return;
  // Not while its button or its log has the focus.
  if (!document.hidden && !part.contains(document.activeElement)) {
    // Without an answer, what stood there stays until the next one.
    await update(part).catch(() => {});
  }
  setTimeout(refresh, EVERY);
}

async function update(part) {
  const answer = await fetch(part.dataset.progress);
  // The session has ended: open the log-in page as a page, not as a part of this one.
  if (answer.redirected) location.reload();
  else if (answer.ok) part.outerHTML = await answer.text();
}

setTimeout(refresh, EVERY);
