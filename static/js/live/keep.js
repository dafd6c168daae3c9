// Sending a session that is to be kept. Its numbers are on this page alone, so that the form is sent
// only while somebody is logged in: the way over the log-in would lose them.

import { sentenceOf } from "../fetched.js";
import { complain } from "./words.js";

const LOGGED_OUT = "You are no longer logged in. Log in again in another tab, then keep it.";
const UNREACHABLE = "The server cannot be reached. Check your connection, then keep it once more.";

/**
 * Send the form in place of the browser, or say why that cannot be now.
 * @param {Event} event
 * @param {HTMLFormElement} form
 * @param {HTMLInputElement} token of the form
 * @param {Element} problem where it is said
 */
export async function send(event, form, token, problem) {
  event.preventDefault();
  const offered = seriesOf(form);
  problem.textContent = await obstacle(form.action);
  // It may have been discarded meanwhile, and another one offered.
  if (form.hidden || seriesOf(form) !== offered) return;
  problem.toggleAttribute("hidden", !problem.textContent);
  if (problem.textContent) return;
  token.value = presentToken(document.cookie, token.value);
  form.dataset.sent = "true";
  form.submit();
}

/** @param {HTMLFormElement} form */
const seriesOf = (form) => /** @type {HTMLInputElement} */ (form.elements.namedItem("series")).value;

/**
 * Return why a form cannot be sent now; empty where it can.
 * @param {string} address of the form
 * @returns {Promise<string>}
 */
export async function obstacle(address) {
  try {
    const answer = await fetch(address, { method: "HEAD", redirect: "manual" });
    // A redirect leads to the log-in.
    if (answer.type === "opaqueredirect") return LOGGED_OUT;
    return answer.ok ? "" : sentenceOf(answer);
  } catch {
    return UNREACHABLE;
  }
}

/**
 * Return the token against forged requests that counts now: a log-in in another tab changes it.
 * @param {string} cookie all cookies
 * @param {string} otherwise the token of the page
 */
export function presentToken(cookie, otherwise) {
  const found = cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return found?.slice("csrftoken=".length) || otherwise;
}

/**
 * Return whether a session waits to be kept or discarded.
 * @param {{ hidden: boolean | "until-found", dataset: DOMStringMap }} form
 */
export const isOffered = (form) => !form.hidden && !form.dataset.sent;

/**
 * Ask the person to decide first: another session would take the place of the one that is offered.
 * @param {HTMLFormElement} form
 */
export function remind(form) {
  complain("Keep or discard the last session first.");
  form.scrollIntoView({ block: "nearest" });
  /** @type {HTMLElement} */ (form.elements.namedItem("name")).focus();
}

/**
 * Return the name that a session has until its owner gives it one: when it started, in the time zone
 * of the account, as everywhere on the site.
 * @param {Date} startedAt
 * @param {string | undefined} language
 * @param {string} timeZone
 */
export function nameOf(startedAt, language, timeZone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const form = { dateStyle: "medium", timeStyle: "short" };
  try {
    return `Live, ${startedAt.toLocaleString(language, { ...form, timeZone })}`;
  } catch {
    // An older browser may not know the zone.
    return `Live, ${startedAt.toLocaleString(language, form)}`;
  }
}
