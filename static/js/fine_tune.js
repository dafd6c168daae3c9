// Keeps the progress of a fine-tune up to date for as long as it goes on.

const EVERY = 2000;

async function refresh() {
  const part = document.querySelector("[data-progress][data-open]");
  if (!part) return;
  // Not while somebody is about to press its button, or reads its log.
  if (!document.hidden && !part.contains(document.activeElement)) {
    const answer = await fetch(part.dataset.progress).catch(() => null);
    // Logged out meanwhile: the log-in page follows as a page, and not as a part of this one.
    if (answer?.redirected) location.reload();
    else if (answer?.ok) part.outerHTML = await answer.text();
  }
  setTimeout(refresh, EVERY);
}

setTimeout(refresh, EVERY);
