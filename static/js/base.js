// Behaviour of every page: menus, dialogs, presses, copying, polling and errors.

import { announce, noticeOf, sayError, showNotices } from "./notices.js";
import { forgetSent, isPress, isSecond } from "./presses.js";

// --- Menus close on a click outside, and on Escape.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// --- A link to a dialog opens it; without this script, CSS shows the target of the link.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("a[data-opens-dialog]");
  if (opener) {
    event.preventDefault();
    document.querySelector(opener.hash).showModal();
  }
  const closer = event.target.closest("a[data-closes-dialog]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  }
});

// --- Links that look like buttons are pressed by the space bar, too, which would scroll the page.
document.addEventListener("keydown", (event) => {
  if (!isPress(event)) return;
  event.preventDefault();
  event.target.click();
});

// --- A double click sends a form once: the browser would show the answer to the second click, that
//     a photo is not there any more, and not the one to the first, with a secret or a receipt.
document.addEventListener("submit", (event) => {
  const isPost = event.target.matches("form[method=post]");
  if (!event.defaultPrevented && isPost && isSecond(event)) event.preventDefault();
});
window.addEventListener("pageshow", forgetSent);

// --- After the answer of a form whose address is no page, the address bar shows the page instead,
//     so that reloading opens the page and does not send the form again.
const { address } = document.body.dataset;
if (address) history.replaceState(null, "", address);

// --- Copying
for (const button of document.querySelectorAll("button[data-copies]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
    } catch {
      getSelection().selectAllChildren(source);
      sayError("The browser does not allow copying here. The text is selected: copy it yourself.");
      return;
    }
    announce("Copied.");
    const label = button.querySelector("[data-label]");
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  });
}

// --- Polling: elements with data-state reload themselves until they are finished. A request that a
//     person made has a triggering event, and its answer is always shown.
const isPolling = ({ requestConfig }) => !requestConfig?.triggeringEvent && "state" in (requestConfig?.elt.dataset ?? {});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target, requestConfig } = event.detail;
  const polls = isPolling(event.detail);
  if (polls && xhr.status === 404) {
    target.removeAttribute("hx-trigger");
    target.replaceWith(noticeOf("This was deleted.", "caution"));
    event.detail.shouldSwap = false;
  } else if (xhr.status >= 400) {
    showError(event);
  } else if (/^\s*<!doctype/i.test(xhr.responseText)) {
    // A redirect opens the whole page in the browser, not a part of this one.
    event.detail.shouldSwap = false;
    location.assign(xhr.responseURL);
  } else if (polls && xhr.responseText.includes(`data-state="${requestConfig.elt.dataset.state}"`)) {
    // Nothing changed: keep the element with its focus and its animation.
    event.detail.shouldSwap = false;
  }
});

document.addEventListener("htmx:load", (event) => {
  const text = event.detail.elt.dataset?.announce;
  if (text && event.detail.elt.dataset.state !== "queued") announce(text);
});

// --- Errors: the server sends a notice for the top of the page, and the target stays as it is.
//     A polling element shows its error once, and removes only its own notice.
const notices = document.getElementById("notices");
const isScrolledTo = ({ requestConfig }) => requestConfig?.triggeringEvent?.type === "intersect";
const askerOf = (detail) => (isPolling(detail) || isScrolledTo(detail) ? "page" : "person");

function showError(event) {
  const { xhr } = event.detail;
  event.detail.shouldSwap = false;
  if (xhr.getResponseHeader("HX-Retarget") === "#notices") {
    const answer = new DOMParser().parseFromString(xhr.responseText, "text/html").body;
    showNotices([...answer.children], askerOf(event.detail));
  } else {
    showSentence(event.detail, "The server did not answer as expected. Try again in a moment.");
  }
}

document.addEventListener("htmx:sendError", (event) => {
  showSentence(event.detail, "The server cannot be reached. Check your connection and try again.");
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && notices.dataset.asker === askerOf(event.detail)) notices.replaceChildren();
});

function showSentence(detail, text) {
  showNotices([noticeOf(text, "error")], askerOf(detail));
}
