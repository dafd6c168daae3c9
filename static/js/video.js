// The page of a video: boxes over the player, a cursor in lanes and chart, jumps and keys. Where
// the browser cannot play the video, the time of the page goes on without it.

import { fetched } from "./fetched.js";
import { play } from "./playback.js";
import { chartOf, boxesOf } from "./video_drawing.js";

const film = document.getElementById("film");

function unplayable() {
  document.getElementById("unplayable").hidden = false;
  const stills = document.getElementById("stills");
  if (stills) stills.open = true;
}

if (film) {
  // Sound alone is no picture either. This may have happened before the script came.
  const check = () => { if (film.error || (film.readyState && !film.videoWidth)) unplayable(); };
  for (const name of ["error", "loadedmetadata"]) film.addEventListener(name, check);
  check();
}

const line = await fetched(document.getElementById("video-data").dataset.timeline, (answer) => answer.json(), "page");
// Without the timeline the page stays as the server made it: nothing below runs.
if (!line) await new Promise(() => {});
const lanes = [...document.querySelectorAll(".lane-card")];
const STEP = { ArrowLeft: -1, ArrowRight: 1, j: -10, l: 10 };
let alone = 0;
let shown = 0;

for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;

// --- Time: that of the player, else of the page
const now = () => (film && !film.error ? film.currentTime : alone);

function seek(seconds) {
  alone = Math.min(Math.max(seconds, 0), line.duration);
  if (film && !film.error) film.currentTime = alone;
  show();
}

const chart = document.getElementById("chart") ? chartOf(document.getElementById("chart"), line, seek) : null;
const boxes = film ? boxesOf(document.getElementById("boxes"), film, line) : null;

function show() {
  const time = now();
  boxes?.draw(time);
  chart?.draw(shown, time);
  for (const cursor of document.querySelectorAll(".lane-cursor")) {
    cursor.setAttribute("x1", time);
    cursor.setAttribute("x2", time);
  }
  const said = document.getElementById("chart-now");
  if (said && chart) said.textContent = chart.words(shown, time);
}

function follow() {
  show();
  if (!film.paused && !film.ended) requestAnimationFrame(follow);
}

if (film) {
  film.addEventListener("play", follow);
  for (const name of ["seeked", "timeupdate", "loadedmetadata"]) film.addEventListener(name, show);
  // It may have been started before the timeline came.
  if (!film.paused) follow();
}
new ResizeObserver(show).observe(document.querySelector(".site-main"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

// --- Jumps
for (const link of document.querySelectorAll("[data-seek]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    seek(Number(link.dataset.seek));
    document.getElementById("player").scrollIntoView({ block: "nearest" });
  });
}
for (const card of lanes) {
  const lane = card.querySelector(".lane");
  lane.addEventListener("click", (event) => {
    const { left, width } = lane.getBoundingClientRect();
    choose(Number(card.dataset.track));
    seek(((event.clientX - left) / width) * line.duration);
  });
  card.querySelector("[data-shows]")?.addEventListener("click", () => choose(Number(card.dataset.track)));
}

function choose(index) {
  shown = Math.max(line.tracks.findIndex((track) => track.index === index), 0);
  for (const card of lanes) card.classList.toggle("is-shown", lanes.length > 1 && Number(card.dataset.track) === index);
  const who = document.getElementById("chart-who");
  if (who && lanes.length > 1) who.textContent = `: person ${index + 1}`;
  show();
}

// --- Keys, unless they belong to what has the focus
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, summary, button, a, details.menu")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key in STEP) {
    event.preventDefault();
    seek(now() + STEP[key]);
  } else if ((key === " " || key === "k") && film && !film.error) {
    event.preventDefault();
    if (film.paused) play(film).catch(unplayable);
    else film.pause();
  }
});

// --- A span for the correction, from the player
for (const [id, name] of [["span-start", "start"], ["span-end", "end"]]) {
  document.getElementById(id)?.addEventListener("click", (event) => {
    const { form } = event.currentTarget;
    form.elements[name].value = now().toFixed(1);
    form.elements.track.selectedIndex = shown;
  });
}

if (lanes.length) choose(line.tracks[0].index);
else show();
