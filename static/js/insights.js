// Draws the two charts. The tables on the page hold the same numbers.

const { Chart } = window;
const data = JSON.parse(document.getElementById("chart-data").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The variation selector asks for the coloured glyph, which text fonts of some systems shadow.
const EMOJI = Object.fromEntries(
  [...document.querySelectorAll("[data-emoji]")].map((row) => [row.dataset.emoji, `${row.textContent.trim()}\ufe0f`]),
);

// Days, weeks, months and years without faces are left out of the data, but not of time.
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
            label: ({ raw }) => `${raw} of ${total} faces, ${Math.round((100 * raw) / total)} %`,
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
  const { starts, faces } = data.timeline;
  const every = allStarts(starts, bucket);
  const place = new Map(starts.map((start, index) => [start, index]));
  const format = new Intl.DateTimeFormat("en-GB", { ...FORMAT[bucket], timeZone: "UTC" });
  return new Chart(canvas, {
    type: "bar",
    data: {
      labels: every.map((start) => format.format(new Date(`${start}T00:00:00Z`))),
      datasets: data.emotions.map(({ key, label }) => ({
        label: `${EMOJI[key]} ${label}`,
        data: every.map((start) => (place.has(start) ? faces[key][place.get(start)] : 0)),
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
        tooltip: { filter: ({ raw }) => raw > 0 },
      },
      scales: {
        x: { ...axis({ stacked: true }), grid: { display: false } },
        y: axis({ stacked: true, beginAtZero: true, title: { display: true, text: "Faces", color: css("--muted") } }),
      },
    },
  });
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
  charts = [distribution(), timeline()];
}

draw();
dark.addEventListener("change", draw);
calm.addEventListener("change", draw);
