// Draws the boxes over the player and the chart of the probabilities.

import { percent } from "./percent.js";

const css = (name, element = document.documentElement) => getComputedStyle(element).getPropertyValue(name).trim();
const LABELS = { angry: "Angry", disgust: "Disgust", fear: "Fear", happy: "Happy", sad: "Sad", surprise: "Surprise", neutral: "Neutral" };

function context(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const drawing = canvas.getContext("2d");
  drawing.scale(ratio, ratio);
  return [drawing, width, height];
}

// The place of the last sighting up to a time; -1 if the face is not there then.
function placeOf({ times }, time, gap) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time + 1e-3) low = middle + 1;
    else high = middle;
  }
  return low && time - times[low - 1] <= gap ? low - 1 : -1;
}

// Between two sightings the box moves evenly.
function boxAt(frames, place, time, gap) {
  const box = frames.boxes[place];
  const next = frames.boxes[place + 1];
  const span = frames.times[place + 1] - frames.times[place];
  if (!next || span > gap) return box;
  const part = Math.min((time - frames.times[place]) / span, 1);
  return box.map((value, index) => value + part * (next[index] - value));
}

export function boxesOf(canvas, film, line) {
  const gap = 1.5 / line.rate;
  return {
    draw(time) {
      const [drawing, width, height] = context(canvas);
      if (film.error || !width) return;
      const [across, down] = [width / line.width, height / line.height];
      drawing.font = `600 14px ${css("--font")}`;
      drawing.lineWidth = 3;
      for (const { index, frames } of line.tracks) {
        const place = placeOf(frames, time, gap);
        if (place < 0) continue;
        const [x, y, w, h] = boxAt(frames, place, time, gap);
        const emotion = frames.emotions[place];
        const word = frames.uncertain[place] ? "uncertain" : LABELS[emotion];
        const text = line.tracks.length > 1 ? `${index + 1} ${word}` : word;
        drawing.strokeStyle = css(`--${emotion}`);
        drawing.setLineDash(frames.uncertain[place] ? [6, 4] : []);
        drawing.strokeRect(x * across, y * down, w * across, h * down);
        label(drawing, text, x * across, Math.max(y * down - 22, 0));
      }
    },
  };
}

// White on dark is readable over any picture.
function label(drawing, text, x, y) {
  drawing.fillStyle = "rgb(20 24 28 / 85%)";
  drawing.fillRect(x - 1.5, y, drawing.measureText(text).width + 12, 20);
  drawing.fillStyle = "#fff";
  drawing.fillText(text, x + 4.5, y + 15);
}

export function chartOf(canvas, line, seek) {
  const gap = 1.5 / line.rate;
  const at = (event) => {
    const { left, width } = canvas.getBoundingClientRect();
    seek(((event.clientX - left) / width) * line.duration);
  };
  canvas.addEventListener("pointerdown", at);
  canvas.addEventListener("pointermove", (event) => { if (event.buttons) at(event); });
  return {
    draw(shown, time) {
      const [drawing, width, height] = context(canvas);
      const { frames } = line.tracks[shown];
      const x = (seconds) => (seconds / line.duration) * width;
      const y = (share) => height - 2 - share * (height - 4);
      drawing.strokeStyle = css("--line");
      for (const share of [0, 0.5, 1]) stroke(drawing, [[0, y(share)], [width, y(share)]]);
      drawing.lineWidth = 2;
      line.emotions.forEach((emotion, column) => {
        drawing.strokeStyle = css(`--${emotion}`);
        drawing.beginPath();
        frames.times.forEach((seconds, place) => {
          const begins = place === 0 || seconds - frames.times[place - 1] > gap;
          drawing[begins ? "moveTo" : "lineTo"](x(seconds), y(frames.probabilities[place][column]));
        });
        drawing.stroke();
      });
      drawing.strokeStyle = css("--text");
      stroke(drawing, [[x(time), 0], [x(time), height]]);
    },
    // What the chart shows at the cursor, in words.
    words(shown, time) {
      const { frames } = line.tracks[shown];
      const place = placeOf(frames, time, gap);
      const clock = `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`;
      if (place < 0) return `${clock}: no face`;
      const emotion = frames.emotions[place];
      const share = percent(frames.probabilities[place][line.emotions.indexOf(emotion)]);
      if (frames.corrected[place]) return `${clock}: ${LABELS[emotion].toLowerCase()}, as you said`;
      return `${clock}: ${LABELS[emotion].toLowerCase()} ${share}${frames.uncertain[place] ? ", uncertain" : ""}`;
    },
  };
}

function stroke(drawing, points) {
  drawing.beginPath();
  points.forEach(([x, y], index) => drawing[index ? "lineTo" : "moveTo"](x, y));
  drawing.stroke();
}
