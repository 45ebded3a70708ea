// Sends files piece by piece and goes on where a cut line stopped. Without this
// script the form sends them whole. Each file is told of in words, for those who hear
// the page, and on a bar, for those who see it.

const WAITS = [1, 2, 4, 8, 15, 30]; // s before the next try of a line that is cut; the last one over and over
const TRIES = 40;

const form = document.querySelector("form[data-begin]");

class Stop extends Error {}

const sleep = (s) => new Promise((done) => setTimeout(done, s * 1000));

async function ask(url, options) {
  const answer = await fetch(url, { redirect: "manual", credentials: "same-origin", ...options });
  if (answer.type === "opaqueredirect") throw new Stop(form.dataset.out);
  if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
  if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) throw new Stop(form.dataset.lost);
  const state = await answer.json();
  state.refused = answer.status === 422;
  return state;
}

// patient asks until there is an answer: silence of the line is no refusal.
async function patient(say, url, options) {
  for (let n = 0; ; n++) {
    try {
      return await ask(url, options);
    } catch (error) {
      if (error instanceof Stop || n === TRIES) throw error instanceof Stop ? error : new Stop(form.dataset.lost);
      say(form.dataset.again);
      await sleep(WAITS[Math.min(n, WAITS.length - 1)]);
    }
  }
}

async function send(file, say, moved) {
  const id = crypto.randomUUID();
  say(`${file.name}: ${form.dataset.going}`);
  let state = await patient(say, form.dataset.begin, {
    method: "POST",
    body: new URLSearchParams({ id, name: file.name, size: file.size }),
  });
  if (state.refused) return state.reason;
  let stuck = 0;
  while (state.offset < state.size) {
    const { offset } = state;
    moved(offset / state.size);
    const next = await patient(say, `${state.put}?offset=${offset}`, {
      method: "PUT",
      headers: { "Content-Type": "application/octet-stream" },
      body: file.slice(offset, offset + state.piece),
    });
    // A piece that came twice, or whose answer was lost: the portal says where it is.
    if (next.refused && ++stuck > 2) return next.reason;
    if (!next.refused) stuck = 0;
    state = { ...state, offset: next.offset };
  }
  moved(1);
  say(`${file.name}: ${form.dataset.checking}`);
  const last = await patient(say, state.finish, { method: "POST" });
  return last.refused ? last.reason : "";
}

if (form) {
  const input = form.querySelector("input[type=file]");
  const bar = form.querySelector("progress");
  const status = form.querySelector("[role=status]");
  const alert = form.querySelector("[role=alert]");
  const button = form.querySelector("button");
  const say = (text) => {
    status.textContent = text;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const files = [...input.files];
    if (!files.length || button.disabled) return;
    button.disabled = true;
    bar.hidden = false;
    alert.replaceChildren();
    let refused = false;
    let taken = 0;
    try {
      for (const [n, file] of files.entries()) {
        const why = await send(file, say, (part) => {
          bar.value = Math.round(((n + part) / files.length) * 1000);
        });
        if (why) {
          refused = true;
          const line = document.createElement("p");
          line.className = "error-text";
          line.textContent = `${file.name}: ${why}`;
          alert.append(line);
        } else {
          taken++;
        }
      }
      if (!refused) location.reload();
    } catch (error) {
      refused = true;
      const line = document.createElement("p");
      line.className = "error-text";
      line.textContent = error.message;
      alert.append(line);
    }
    if (refused && taken) {
      const link = document.createElement("a");
      link.href = location.href;
      link.textContent = form.dataset.refresh;
      alert.append(link);
    }
    say("");
    bar.hidden = true;
    button.disabled = false;
    input.value = "";
  });
}
