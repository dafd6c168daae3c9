// Draws the charts, and saves each as PNG or CSV. The tables hold the same numbers.

import { fetched } from "./fetched.js";
import { sayError } from "./notices.js";
import { percent } from "./percent.js";
import { encoded } from "./snapshot.js";
import { csvOf } from "./table_csv.js";

const { Chart } = window;
const data = JSON.parse(document.getElementById("chart-data").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The variation selector requests the coloured glyph; on some systems text fonts override it.
const EMOJI = Object.fromEntries(
  [...document.querySelectorAll("[data-emoji]")].map((row) => [row.dataset.emoji, `${row.textContent.trim()}\ufe0f`]),
);

// The data leaves out days, weeks, months and years without faces; the axis must not.
const STEP = {
  day: (date) => date.setUTCDate(date.getUTCDate() + 1),
  week: (date) => date.setUTCDate(date.getUTCDate() + 7),
  month: (date) => date.setUTCMonth(date.getUTCMonth() + 1),
  year: (date) => date.setUTCFullYear(date.getUTCFullYear() + 1),
};
const FORMAT = {
  day: { day: "numeric", month: "short" },
  week: { day: "numeric", month: "short" },
  month: { month: "short", year: "2-digit" },
  year: { year: "numeric" },
};

function allStarts(starts, bucket) {
  const every = [];
  const date = new Date(`${starts[0]}T00:00:00Z`);
  const last = starts.at(-1);
  while (every.length < 1000) {
    const start = date.toISOString().slice(0, 10);
    every.push(start);
    if (start >= last) break;
    STEP[bucket](date);
  }
  return every;
}

function distribution() {
  const total = data.distribution.reduce((sum, faces) => sum + faces, 0);
  return new Chart(document.getElementById("distribution"), {
    type: "bar",
    data: {
      labels: data.emotions.map(({ key, label }) => `${EMOJI[key]} ${label}`),
      datasets: [{
        data: data.distribution,
        backgroundColor: data.emotions.map(({ key }) => css(`--${key}`)),
        borderRadius: 6,
        maxBarThickness: 28,
      }],
    },
    options: {
      ...shared(),
      indexAxis: "y",
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: {
            label: ({ raw }) => `${raw} of ${total} faces, ${percent(raw / total)}`,
          },
        },
      },
      scales: {
        x: axis({ beginAtZero: true, title: { display: true, text: "Faces", color: css("--muted") } }),
        y: { ...axis({}), grid: { display: false } },
      },
    },
  });
}

function timeline() {
  const canvas = document.getElementById("timeline");
  const { bucket } = canvas.dataset;
  const shares = "shares" in canvas.dataset;
  const { starts, faces } = data.timeline;
  const every = allStarts(starts, bucket);
  const place = new Map(starts.map((start, index) => [start, index]));
  const totals = starts.map((_, index) => Object.values(faces).reduce((sum, counts) => sum + counts[index], 0));
  const value = (key, start) => {
    if (!place.has(start)) return 0;
    const index = place.get(start);
    if (!shares) return faces[key][index];
    // A share of too few faces is not shown.
    return totals[index] < data.enough ? 0 : (100 * faces[key][index]) / totals[index];
  };
  const format = new Intl.DateTimeFormat(document.documentElement.dataset.dates, { ...FORMAT[bucket], timeZone: "UTC" });
  return new Chart(canvas, {
    type: "bar",
    data: {
      labels: every.map((start) => format.format(new Date(`${start}T00:00:00Z`))),
      datasets: data.emotions.map(({ key, label }) => ({
        label: `${EMOJI[key]} ${label}`,
        data: every.map((start) => value(key, start)),
        backgroundColor: css(`--${key}`),
        borderColor: css("--surface"),
        borderWidth: { top: 1 },
        maxBarThickness: 36,
      })),
    },
    options: {
      ...shared(),
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: {
          filter: ({ raw }) => raw > 0,
          callbacks: {
            label: ({ dataset, raw }) => `${dataset.label}: ${shares ? percent(raw / 100) : raw}`,
          },
        },
      },
      scales: {
        x: { ...axis({ stacked: true }), grid: { display: false } },
        y: axis({
          stacked: true,
          beginAtZero: true,
          max: shares ? 100 : undefined,
          title: { display: true, text: shares ? "Share of faces in %" : "Faces", color: css("--muted") },
        }),
      },
    },
    plugins: [changeMarks(every)],
  });
}

// A line at the first photo of a model: the new model may cause a change there.
function changeMarks(every) {
  const places = data.changes.map(({ day, name }) => [every.findLastIndex((start) => start <= day), name]);
  return {
    id: "changes",
    afterDatasetsDraw({ ctx, chartArea: { top, bottom }, scales: { x } }) {
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = css("--text");
      ctx.setLineDash([4, 4]);
      for (const [index, name] of places) {
        if (index < 0) continue;
        const at = x.getPixelForValue(index);
        ctx.beginPath();
        ctx.moveTo(at, top);
        ctx.lineTo(at, bottom);
        ctx.stroke();
        ctx.fillText(name, at + 4, top + 12);
      }
      ctx.restore();
    },
  };
}

function comparison() {
  const canvas = document.getElementById("comparison");
  if (!canvas) return [];
  const names = [...document.querySelectorAll("[data-table=comparison] thead th.number")].map((cell) => cell.textContent);
  return [new Chart(canvas, {
    type: "bar",
    data: {
      labels: data.emotions.map(({ key, label }) => `${EMOJI[key]} ${label}`),
      datasets: data.comparison.map((shares, index) => ({
        label: names[index],
        data: shares.map((share) => 100 * share),
        backgroundColor: data.emotions.map(({ key }) => (index ? css(`--${key}`) : `${css(`--${key}`)}66`)),
        borderColor: data.emotions.map(({ key }) => css(`--${key}`)),
        borderWidth: 1,
        borderRadius: 4,
      })),
    },
    options: {
      ...shared(),
      indexAxis: "y",
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${percent(raw / 100)}` } },
      },
      scales: {
        x: axis({ beginAtZero: true, title: { display: true, text: "Share in %; pale: first period", color: css("--muted") } }),
        y: { ...axis({}), grid: { display: false } },
      },
    },
  })];
}

function shared() {
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: calm.matches ? false : { duration: 300 },
  };
}

function axis(options) {
  return {
    ...options,
    border: { color: css("--line") },
    grid: { color: css("--line") },
    ticks: { color: css("--text"), precision: 0, maxRotation: 0, autoSkipPadding: 16 },
  };
}

let charts = [];

function draw() {
  for (const chart of charts) chart.destroy();
  Chart.defaults.font.family = css("--font");
  Chart.defaults.font.size = 14;
  charts = [distribution(), timeline(), ...comparison()];
}

draw();
dark.addEventListener("change", draw);
calm.addEventListener("change", draw);

// --- A map that is wider than the screen is scrolled to its last data: today, not January.
for (const scroller of document.querySelectorAll(".heat-scroll")) {
  const last = [...scroller.querySelectorAll("rect.is-full")]
    .reduce((right, cell) => Math.max(right, cell.getBoundingClientRect().right), -Infinity);
  const { right } = scroller.getBoundingClientRect();
  const rows = scroller.querySelector("[data-stays]");
  scroller.addEventListener("scroll", () => {
    rows.setAttribute("transform", `translate(${scroller.scrollLeft / rows.getScreenCTM().a} 0)`);
  });
  if (last > right) scroller.scrollLeft = last - right + 16;
}

// --- Saving
for (const button of document.querySelectorAll("[data-saves]")) {
  const name = button.dataset.chart;
  if (!document.querySelector(`[data-table=${name}], [data-numbers-of=${name}]`)) continue;
  button.hidden = false;
  button.addEventListener("click", () => (button.dataset.saves === "csv" ? saveTable(name) : savePicture(name)));
}

// The long tables are not on the page until they are opened.
async function tableOf(name) {
  const shown = document.querySelector(`[data-table=${name}]`);
  if (shown) return shown;
  const address = document.querySelector(`[data-numbers-of=${name}]`).getAttribute("hx-get");
  const text = await fetched(address, (answer) => answer.text());
  return text && new DOMParser().parseFromString(text, "text/html").querySelector(`[data-table=${name}]`);
}

async function saveTable(name) {
  const table = await tableOf(name);
  if (table) save(`${name}.csv`, new Blob([csvOf(table)], { type: "text/csv" }));
}

async function savePicture(name) {
  try {
    save(`${name}.png`, await pngOf(document.getElementById(name)));
  } catch {
    sayError("The browser could not draw the picture. Save the numbers as CSV instead.");
  }
}

// The background is the colour of the page: transparent pictures are not readable everywhere.
async function pngOf(chart) {
  const source = chart instanceof SVGElement ? await imageOf(chart) : chart;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [source.width, source.height];
  const context = canvas.getContext("2d");
  context.fillStyle = css("--surface");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0);
  return encoded(canvas, "image/png");
}

async function imageOf(svg) {
  const copy = svg.cloneNode(true);
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", 2 * width);
  copy.setAttribute("height", 2 * height);
  copy.querySelector("[data-stays]").removeAttribute("transform");
  // No style sheet applies outside of the page: computed styles become attributes.
  const names = ["fill", "stroke", "stroke-width", "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"];
  const parts = svg.querySelectorAll("rect, text");
  copy.querySelectorAll("rect, text").forEach((part, index) => {
    const style = getComputedStyle(parts[index]);
    for (const name of names) part.setAttribute(name, style.getPropertyValue(name));
  });
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}

function save(filename, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
