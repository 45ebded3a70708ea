// Sends files piece by piece and goes on where a cut line stopped. Without this
// script the form sends them whole. Each file is told of in words, for those who hear
// the page, and on a bar, for those who see it.

const WAITS = [1, 2, 4, 8, 15, 30]; // s before the next try of a line that is cut; the last one over and over
const TRIES = 40;
const SILENCE = 120_000; // ms without an answer are a cut line

const form = document.querySelector("form[data-begin]");

class Stop extends Error {}
class Out extends Stop {} // the session has ended

const sleep = (s) => new Promise((done) => setTimeout(done, s * 1000));

// anew shows the page as the portal has it now.
const anew = () => location.replace(location.pathname);

async function ask(url, options) {
  const answer = await fetch(url, { redirect: "manual", credentials: "same-origin", signal: AbortSignal.timeout(SILENCE), ...options });
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new Out(form.dataset.out);
  if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
  if ([403, 404, 409].includes(answer.status)) anew(); // it was filed meanwhile, or given up
  if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) throw new Stop(form.dataset.lost);
  const state = await answer.json();
  state.refused = answer.status === 422;
  return state;
}

// patient asks until there is an answer: silence of the line is no refusal.
async function patient(cut, url, options) {
  for (let n = 0; ; n++) {
    try {
      return await ask(url, options);
    } catch (error) {
      if (error instanceof Stop) throw error;
      if (n === TRIES) throw new Stop(form.dataset.lost);
      cut();
      await sleep(WAITS[Math.min(n, WAITS.length - 1)]);
    }
  }
}

// send gives the reason why a file is not taken, "" where it is.
async function send(file, say, moved) {
  const id = crypto.randomUUID();
  let told; // how much of it was told in words: quarters, or nothing after a cut
  const going = (part) => {
    const quarter = Math.floor(part * 4) * 25;
    if (quarter !== told) say(`${file.name}: ${form.dataset.going}${quarter ? `, ${quarter}\u00A0%` : ""}`);
    told = quarter;
    moved(part);
  };
  const cut = () => {
    say(form.dataset.again);
    told = undefined;
  };
  going(0);
  let state = await patient(cut, form.dataset.begin, {
    method: "POST",
    body: new URLSearchParams({ id, name: file.name, size: file.size }),
  });
  if (state.refused) return state.reason;
  let stuck = 0;
  while (state.offset < state.size) {
    const { offset } = state;
    const next = await patient(cut, `${state.put}?offset=${offset}`, {
      method: "PUT",
      headers: { "Content-Type": "application/octet-stream" },
      body: file.slice(offset, offset + state.piece),
    });
    // A piece that came twice, or whose answer was lost: the portal says where it is.
    if (next.refused && ++stuck > 2) return next.reason;
    if (!next.refused) stuck = 0;
    state = { ...state, offset: next.offset };
    going(state.offset / state.size);
  }
  say(`${file.name}: ${form.dataset.checking}`);
  const last = await patient(cut, state.finish, { method: "POST" });
  return last.refused ? last.reason : "";
}

if (form) {
  const input = form.querySelector("input[type=file]");
  const bar = form.querySelector("progress");
  const status = form.querySelector("[role=status]");
  const alert = form.querySelector("[role=alert]");
  const button = form.querySelector("button");
  let busy = false;
  const say = (text) => {
    if (status.textContent !== text) status.textContent = text; // the same words are not read out twice
  };
  const complain = (text) => {
    const line = document.createElement("p");
    line.className = "error-text";
    line.textContent = text;
    alert.append(line);
  };
  const offer = (text) => {
    const line = document.createElement("p");
    const link = document.createElement("a");
    link.href = location.pathname;
    link.textContent = text;
    line.append(link);
    alert.append(line);
  };
  // The page keeps its session while something is sent, and is not left by itself. The
  // button keeps the focus: one that is disabled would lose it.
  const works = (now) => {
    busy = now;
    button.setAttribute("aria-disabled", now);
    bar.setAttribute("aria-busy", now);
    bar.hidden = !now;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const files = [...input.files];
    if (!files.length || busy) return;
    works(true);
    alert.replaceChildren();
    let refused = 0;
    let done = 0;
    let stopped;
    try {
      for (const file of files) {
        const why = await send(file, say, (part) => {
          bar.value = Math.round(((done + part) / files.length) * 1000);
          input.dispatchEvent(new Event("input", { bubbles: true })); // somebody is at work here
        });
        done++;
        if (!why) continue;
        refused++;
        complain(`${file.name}: ${why}`);
      }
    } catch (error) {
      stopped = error;
      complain(error instanceof Stop ? error.message : form.dataset.lost);
    }
    if (!refused && !stopped) return anew();
    // What was not sent stays chosen.
    const left = new DataTransfer();
    for (const file of files.slice(done)) left.items.add(file);
    input.files = left.files;
    if (stopped instanceof Out) offer(form.dataset.signIn);
    else if (done > refused) offer(form.dataset.refresh);
    say("");
    works(false);
  });
}
