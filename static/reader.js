// How long a page of the file was before somebody's eyes. Only what is visible
// counts, and only while the reader is there: a tab that lies open behind others, or
// a screen nobody has touched for five minutes, is not reading. The page is told
// nothing else of its reader. Without this script the portal counts the time to the
// next page itself.

const EVERY = 15_000; // ms between two tellings
const ALONE = 5 * 60_000; // ms without a touch until nobody is taken to be there

const figure = document.querySelector("[data-reading]");
let shown = 0; // ms since the last telling
let since = document.visibilityState === "visible" ? performance.now() : 0;
let touched = performance.now();

function count() {
  const now = performance.now();
  if (since) shown += Math.max(0, Math.min(now, touched + ALONE) - since);
  since = document.visibilityState === "visible" ? now : 0;
}

function tell() {
  count();
  const seconds = Math.min(300, Math.floor(shown / 1000));
  shown -= seconds * 1000;
  navigator.sendBeacon(figure.dataset.reading, new URLSearchParams({ seconds }));
}

if (figure) {
  tell(); // from now on the browser tells, also where it is zero: the page may be hidden
  setInterval(() => since && tell(), EVERY);
  document.addEventListener("visibilitychange", tell);
  addEventListener("pagehide", tell);
  for (const touch of ["pointerdown", "pointermove", "keydown", "scroll", "touchstart"]) {
    addEventListener(touch, () => {
      count();
      touched = performance.now();
    }, { passive: true });
  }
  // The next page's picture comes while this one is read, and only then.
  const image = figure.querySelector("img");
  const ahead = () => figure.dataset.next && (new Image().src = figure.dataset.next);
  if (image.complete) setTimeout(ahead, 500);
  else image.addEventListener("load", () => setTimeout(ahead, 500));
}
