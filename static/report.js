// The pages of a report. Two things, and everything works without them.
//
// The way out: the button, or the key Shift three times, ends the session and puts a
// neutral page in the place of this one, so that "back" does not lead here.
//
// An answer while the line is down: what is typed stays in this browser until it was
// sent, and is asked about before it goes. Each showing of a page has a key: the server
// takes an answer of a key once, and tells the keys it has seen. On the path for violence
// at home nothing is kept here, and what was kept before it was known goes; so it does when
// the draft is given up.

const PRESSES = 3, WITHIN = 1500; // of Shift, in milliseconds
const LARGEST = 64 * 1024; // characters that are kept of one page

const exit = document.querySelector("[data-exit]");
if (exit) {
  document.querySelector("[data-exit-key]").hidden = false;
  const leave = () => {
    fetch(exit.dataset.end, { method: "POST", keepalive: true, redirect: "manual" }).catch(() => {});
    document.body.hidden = true;
    try { sessionStorage.setItem("left", exit.href); } catch { /* then "back" shows the questions before */ }
    location.replace(exit.href);
  };
  exit.addEventListener("click", (e) => { e.preventDefault(); leave(); });
  let pressed = [];
  addEventListener("keydown", (e) => {
    if (e.key !== "Shift") { pressed = []; return; }
    if (e.repeat) return;
    const now = performance.now();
    pressed = [...pressed.filter((t) => now - t < WITHIN), now];
    if (pressed.length >= PRESSES) leave();
  });
}

const own = location.pathname.match(/\/reports\/([0-9a-f-]{36})/)?.[1];
const forgetAll = () => {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(`report/${own}/`)) localStorage.removeItem(name);
  } catch { /* nothing is kept */ }
};
if (exit) forgetAll();
document.querySelector("[data-report-discard]")?.addEventListener("submit", forgetAll);

const came = (document.querySelector("[data-seen]")?.dataset.seen ?? "").split(" ");
const keyOf = (fields) => fields?.find?.(([name]) => name === "key")?.[1];

const form = document.querySelector("[data-report-answer]");
if (form) {
  const keeps = "reportKeep" in form.dataset;
  const place = "report/" + form.dataset.reportAnswer;
  const say = (word, on) => { form.querySelector(`[data-report-say="${word}"]`).hidden = !on; };
  const names = () => [...form.elements].filter((e) => e.name && e.name !== "key" && e.name !== "check");
  const typed = () => [...new FormData(form)].filter(([name, value]) => name !== "check" && typeof value === "string");

  // A browser that keeps nothing goes on without.
  const read = () => { try { return JSON.parse(localStorage.getItem(place)); } catch { return null; } };
  const forget = () => { try { localStorage.removeItem(place); } catch { /* nothing is kept */ } };
  const keep = () => {
    if (!keeps) return;
    const text = JSON.stringify(typed());
    try { if (text.length <= LARGEST) localStorage.setItem(place, text); } catch { /* nothing is kept */ }
  };

  const fill = (fields) => {
    form.elements.key.value = keyOf(fields);
    for (const field of names()) {
      const values = fields.filter(([name]) => name === field.name).map(([, value]) => value);
      if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
      else if (field.type !== "submit" && values.length) field.value = values[0];
    }
  };

  const down = () => { say("offline", true); keep(); };
  const up = () => { say("offline", false); if (keeps && read()) say("kept", true); };

  const kept = keeps && read();
  if (kept) {
    if (!keyOf(kept) || came.includes(keyOf(kept))) forget();
    else { fill(kept); if (navigator.onLine) say("kept", true); }
  }
  if (!navigator.onLine) say("offline", true);

  addEventListener("offline", down);
  addEventListener("online", up);
  form.addEventListener("input", () => { if (!navigator.onLine) keep(); });
  form.addEventListener("submit", (e) => {
    if (navigator.onLine) { keep(); return; } // until the next page tells that it came
    e.preventDefault();
    down();
  });
  form.querySelector("[data-report-send]").addEventListener("click", () => form.requestSubmit());
  form.querySelector("[data-report-forget]").addEventListener("click", () => { forget(); location.reload(); });
}

// What came need not stay here, whichever page it was typed on.
try {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith("report/") && came.includes(keyOf(JSON.parse(localStorage.getItem(name))))) localStorage.removeItem(name);
  }
} catch { /* nothing is kept */ }
