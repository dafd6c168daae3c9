// What every page needs: menus, dialogs, copying, and polling that ends well.

// --- Menus close when one leaves them.
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

// --- Copying
for (const button of document.querySelectorAll("button[data-copies]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copies);
    await navigator.clipboard.writeText(source.textContent.trim());
    announce("Copied.");
    const label = button.querySelector("[data-label]");
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  });
}

// --- Polling: elements with data-state ask for themselves until they are finished.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, xhr, pathInfo } = event.detail;
  const state = elt.dataset?.state;
  if (xhr.status >= 400 && !(state && xhr.status === 404)) {
    showError(event);
    return;
  }
  if (!state) return;
  if (xhr.status === 404) {
    elt.removeAttribute("hx-trigger");
    elt.replaceWith(goneNotice());
    event.detail.shouldSwap = false;
    return;
  }
  // Whoever was logged out meanwhile is sent to the log-in page: as a page, not into a card.
  const answered = new URL(xhr.responseURL || location.href).pathname;
  if (answered !== new URL(pathInfo.requestPath, location.href).pathname) {
    event.detail.shouldSwap = false;
    location.reload();
    return;
  }
  // Nothing new: leave the element, its focus and its animation alone.
  if (xhr.responseText.includes(`data-state="${state}"`)) event.detail.shouldSwap = false;
});

document.addEventListener("htmx:load", (event) => {
  const text = event.detail.elt.dataset?.announce;
  if (text && event.detail.elt.dataset.state !== "queued") announce(text);
});

// --- Errors: the server sends a notice for the top of the page; what it was asked from stays.
//     What asks for itself again and again says it once, and takes only its own words back.
const notices = document.getElementById("notices");
const kindOf = (element) => (element.dataset?.state ? "polling" : "action");

function showError(event) {
  const { xhr, elt } = event.detail;
  event.detail.shouldSwap = false;
  if (xhr.getResponseHeader("HX-Retarget") === "#notices") {
    const answer = new DOMParser().parseFromString(xhr.responseText, "text/html").body;
    showNotice(elt, [...answer.children]);
  } else {
    showSentence(elt, "The server did not answer as expected. Try again in a moment.");
  }
}

document.addEventListener("htmx:sendError", (event) => {
  showSentence(event.detail.elt, "The server cannot be reached. Check your connection and try again.");
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { successful, elt } = event.detail;
  if (successful && notices.dataset.kind === kindOf(elt)) notices.replaceChildren();
});

function showSentence(element, text) {
  const notice = document.createElement("p");
  notice.className = "notice notice-error";
  notice.textContent = text;
  showNotice(element, [notice]);
}

function showNotice(element, nodes) {
  const said = nodes.map((node) => node.textContent.trim()).join();
  if (notices.dataset.said === said && notices.hasChildNodes()) return;
  notices.dataset.said = said;
  notices.dataset.kind = kindOf(element);
  notices.replaceChildren(...nodes);
  notices.scrollIntoView({ block: "nearest" });
}

function announce(text) {
  document.getElementById("announcer").textContent = text;
}

function goneNotice() {
  const notice = document.createElement("p");
  notice.className = "notice notice-caution";
  notice.textContent = "This photo was deleted.";
  return notice;
}
