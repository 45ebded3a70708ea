// What the portal's pages do where scripts run. Every page can be read and every
// text form sent without this; signing needs it, because the key is in a program
// on the person's computer. No words are here: the page brings its own.
//
// A form that is signed before it is sent:
//
//   <form method="post" action="…" data-sign data-agent="wss://127.0.0.1:13579/"
//         data-mode="detached" data-locale="kk" data-iin="…"
//         data-content="BASE64"  or  data-content-url="/…"   (several: spaces between)
//         data-life="SECONDS" data-renew-url="/…"       (both: what is signed has an end)
//         data-usages="OID OID" data-chain="any" data-stamp     (optional)
//         data-patience="MS" data-long="MS"                     (optional)
//         data-client="/static/…/ncalayer.js">           (where it has another name)
//     <textarea hidden name="signature"></textarea>      (one for each content)
//     <button>…</button>  <button type="button" data-sign-stop hidden>…</button>
//     <p role="status" data-sign-status></p>
//     <template data-text="preparing|permission|waiting|long|sending">…</template>
//     <div hidden data-permission="prompt">…</div>
//     <div hidden role="alert" tabindex="-1" data-cause="agent-absent">… <q data-detail></q></div>
//   </form>
//
// Causes: those of ncalayer.js; content-unavailable (what is to be signed did not
// arrive); other (the block shown for a cause that has none of its own).

// Phones that are kept long end at browsers of 2021 (an iPhone 7 at Safari 15), and scripts
// run there. What those lack is put in its place here: this is the first script of a page.

AbortSignal.timeout ??= (ms) => {
  const work = new AbortController();
  setTimeout(() => work.abort(), ms);
  return work.signal;
};

globalThis.BroadcastChannel ??= class {
  postMessage() {} // pages do not tell each other: each asks for itself
};

crypto.randomUUID ??= () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};

// A button that is pressed sends its form and says which it was; without one, a button that
// nobody sees.
HTMLFormElement.prototype.requestSubmit ??= function (button) {
  const pressed = button ?? this.appendChild(Object.assign(document.createElement("button"), { hidden: true }));
  pressed.click();
  if (!button) pressed.remove();
};

if (!globalThis.SubmitEvent || !("submitter" in SubmitEvent.prototype)) {
  let last; // Enter in a field presses a button as well
  addEventListener("click", ({ target }) => (last = target.closest?.("button")), true);
  Object.defineProperty(Event.prototype, "submitter", { get() { return last?.form === this.target ? last : null; } });
}

function prepareDialog(dialog) {
  if (dialog.showModal) return;
  Object.defineProperty(dialog, "open", { get: () => dialog.hasAttribute("open") });
  dialog.showModal = () => {
    dialog.setAttribute("open", "");
    dialog.querySelector("[data-when]:not([hidden]) button").focus();
  };
  dialog.close = () => {
    dialog.removeAttribute("open");
    dialog.dispatchEvent(new Event("close"));
  };
}

class Failure extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const LONG = 20_000; // ms until a person who sees no window is told where to look

function prepareSigning(form) {
  const fields = () => form.querySelectorAll("textarea[name=signature]");
  const stop = form.querySelector("[data-sign-stop]");
  // By this clock and not by the hour: clocks of computers are wrong.
  form.dataset.since = Date.now();
  // Asked for now, so that it is here when the button is pressed; a failure is
  // met again, and told, when it is.
  const client = import(form.dataset.client ?? "./ncalayer.js");
  client.then((ours) => foretell(form, ours)).catch(() => {});
  let state = "idle"; // then signing, sending (our own submit is on its way), sent
  let work; // the AbortController of the signing in progress

  function idle() {
    state = "idle";
    for (const field of fields()) field.value = "";
    say(form, "");
    for (const element of form.elements) busy(element, false);
  }

  async function signAndSend(button) {
    state = "signing";
    work = new AbortController();
    showCause(form, "");
    busy(button, true);
    if (stop) stop.hidden = false;
    try {
      const made = [await sign(form, await client, work.signal)].flat();
      fields().forEach((field, i) => (field.value = made[i] ?? ""));
      say(form, "sending");
      state = "sending";
      form.requestSubmit(button);
      if (state !== "sent") idle(); // the browser found a field to complain of
    } catch (error) {
      idle();
      told(form, error);
    } finally {
      if (stop) stop.hidden = true;
    }
  }

  form.addEventListener("submit", (event) => {
    if (state === "sending") {
      state = "sent";
      return;
    }
    event.preventDefault();
    if (state === "idle") signAndSend(event.submitter); // else it was pressed twice
  });

  stop?.addEventListener("click", () => work?.abort());

  // Coming back with the Back button finds the form as it was before.
  addEventListener("pageshow", ({ persisted }) => persisted && idle());
}

// told shows why there is no signature.
function told(form, error) {
  if (error.code === "signed-out") {
    form.submit(); // unsigned: the portal asks to sign in, and comes back to this page
    return;
  }
  // A stamp the program could not get is made by the portal the next time.
  if (error.code === "agent-refused") delete form.dataset.stamp;
  // A code that is not ours (a DOMException has numbers) is a fault of the page.
  const known = typeof error.code === "string";
  if (!known) console.error(error);
  showCause(form, known ? error.code : "other", error.detail);
}

// foretell says before anything is pressed that the browser will ask, or that it
// was told not to let this site reach the program.
async function foretell(form, { here, permissionStatus }) {
  const status = here() ? null : await permissionStatus();
  if (!status) return;
  const tell = () => {
    for (const note of form.querySelectorAll("[data-permission]")) note.hidden = note.dataset.permission !== status.state;
    const denied = find(form, '[data-cause="agent-permission"]');
    if (!denied) return;
    denied.hidden = status.state !== "denied";
    ownSteps(denied);
  };
  status.addEventListener("change", tell);
  tell();
}

// sign gives the signature over what the form names, or a list of them.
async function sign(form, { alone, asksPermission, connect }, signal) {
  const { agent: address, mode, locale, iin, usages, chain, stamp, patience, long } = form.dataset;
  say(form, "preparing");
  const data = await contents(form, signal);
  if (await asksPermission()) say(form, "permission");
  return alone(async () => {
    const agent = await connect(address, { signal, ...(patience && { patience: Number(patience) }) });
    const late = setTimeout(() => say(form, "long"), long ? Number(long) : LONG);
    try {
      say(form, "waiting");
      return await agent.sign({
        data,
        detached: mode === "detached",
        stamped: stamp !== undefined,
        locale,
        iin,
        usages: usages?.split(" ").filter(Boolean),
        chain: chain === "any" ? [] : null,
      });
    } finally {
      clearTimeout(late);
      agent.close();
    }
  });
}

// contents is what is to be signed, in base64: from the page, or fetched from the
// portal. What has an end is exchanged for fresh in the second half of its life,
// so that a person who looks for the key has time.
async function contents(form, signal) {
  const { content, contentUrl, life, renewUrl, since } = form.dataset;
  if (renewUrl && Date.now() - since > (Number(life) * 1000) / 2) {
    const fresh = await (await get(renewUrl, signal, "POST")).json();
    form.dataset.content = fresh.content;
    form.dataset.since = Date.now();
    const field = form.elements.namedItem("challenge");
    if (field) field.value = fresh.challenge;
    return fresh.content;
  }
  if (content !== undefined) return content;
  // The templates write a space within an address as %20.
  const files = await Promise.all(contentUrl.split(/ |%20/).map(async (url) => base64(await (await get(url, signal)).blob())));
  return files.length === 1 ? files[0] : files;
}

async function get(url, signal, method = "GET") {
  let answer;
  try {
    answer = await fetch(url, { method, signal, credentials: "same-origin", mode: "same-origin", redirect: "manual", cache: "no-store" });
  } catch {
    if (signal.aborted) throw new Failure("agent-cancelled");
  }
  if (answer?.ok) return answer;
  // A redirect is the page that asks to sign in.
  throw new Failure(answer?.type === "opaqueredirect" ? "signed-out" : "content-unavailable");
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Failure("content-unavailable"));
    reader.readAsDataURL(blob);
  });
}

// busy marks the button instead of disabling it: a disabled button loses the
// keyboard's place and drops out of the form it sends.
function busy(element, on) {
  for (const mark of ["aria-busy", "aria-disabled"]) {
    if (on) element?.setAttribute(mark, "true");
    else element?.removeAttribute(mark);
  }
}

// find looks in the form first, then in the page: forms of one page may share texts.
function find(form, selector) {
  return form.querySelector(selector) ?? document.querySelector(selector);
}

function say(form, state) {
  const status = find(form, "[data-sign-status]");
  if (!status) return;
  const text = state && find(form, `[data-text="${state}"]`);
  status.textContent = text ? (text.content ?? text).textContent.trim() : "";
}

// showCause shows the block of a cause and moves to it; "" hides them all.
function showCause(form, code, detail = "") {
  for (const block of document.querySelectorAll("[data-cause]")) block.hidden = true;
  if (!code) return;
  const block = find(form, `[data-cause="${CSS.escape(code)}"]`) ?? find(form, '[data-cause="other"]');
  if (!block) return;
  const place = block.querySelector("[data-detail]");
  if (place) {
    place.textContent = detail;
    place.hidden = detail === "";
  }
  block.hidden = false;
  ownSteps(block);
  if (!block.hasAttribute("tabindex")) block.tabIndex = -1;
  block.focus();
}

// ownSteps shows of the elements with data-browser the one for this browser.
function ownSteps(block) {
  const agent = navigator.userAgent;
  const name = /YaBrowser/.test(agent) ? "yandex" : /Edg\//.test(agent) ? "edge" : "chrome";
  for (const steps of block.querySelectorAll("[data-browser]")) steps.hidden = steps.dataset.browser !== name;
}

// <select data-autosubmit>: choosing is sending.
function prepareSelect(select) {
  select.addEventListener("change", () => select.form?.requestSubmit());
}

// <button type="button" hidden data-copy="text" data-copied="what it says then">
function prepareCopy(button) {
  if (!navigator.clipboard) return; // stays hidden
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      return; // refused by the browser: the text is on the page to be copied by hand
    }
    if (!button.dataset.copied) return;
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = label), 3000);
  });
}

// <dialog id="session">: warns before the session ends for want of use, and keeps
// it when the reader answers or types. Its seconds come from the server; pages of
// one browser tell each other, because they share one session; and where somebody else has
// signed in by now, or nobody is, a page that was left open shows nothing on.
function prepareSession(dialog) {
  prepareDialog(dialog);
  const { idle, warning, stay: address, over } = dialog.dataset;
  const pages = new BroadcastChannel("session");
  const title = document.title;
  const every = Math.min(60, idle / 15) * 1000; // how often typing is told
  const name = document.querySelector("header .name .full")?.textContent ?? "";
  const another = (now) => now && name && now !== name; // without a name it is not known
  let ends, last, asked = Date.now(), shown = "", understood = "", typed = false, leaving = 0;

  function lasts(answer) {
    ({ ends, last } = answer);
    if (ends - Date.now() <= warning * 1000 || !dialog.open) return;
    shown = "soon"; // nothing of this was understood by the reader: it may be asked again
    dialog.close();
  }

  function learn(left, final) {
    lasts({ ends: Date.now() + left * 1000, last: final });
    pages.postMessage({ ends, last, name });
  }

  function gone() {
    ends = Date.now();
    tick();
  }

  async function stay() {
    asked = Date.now();
    const lost = dialog.querySelector("[data-lost]");
    lost.hidden = true;
    try {
      const answer = await fetch(address, { method: "POST", credentials: "same-origin", redirect: "error", cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const { left, last: final, name: now } = await answer.json();
      if (another(now)) return gone();
      learn(left, final);
      tick();
    } catch {
      lost.hidden = false; // seen where the question is open
    }
  }

  function show(what) {
    if (shown === what || understood === what) return;
    shown = what;
    for (const part of dialog.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== what;
    dialog.setAttribute("aria-labelledby", "session-" + what);
    dialog.setAttribute("aria-describedby", `session-${what}-text`);
    document.title = dialog.querySelector(`#session-${what}`).textContent + " · " + title;
    if (dialog.open) dialog.querySelector(`[data-when="${what}"] [data-answer]`).focus();
    else dialog.showModal();
  }

  function tick() {
    const left = Math.ceil((ends - Date.now()) / 1000);
    if (Date.now() < leaving || shown === "over" || understood === "over") return;
    if (left > warning) return;
    if (left > 0) {
      show(last ? "last" : "soon");
      const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      for (const place of dialog.querySelectorAll("[data-clock]")) place.textContent = clock;
    } else if (typed || !over || document.querySelector("[aria-busy=true]")) {
      show("over"); // leaving would lose it
    } else {
      location.replace(over); // nobody who passes reads on
    }
  }

  dialog.addEventListener("click", ({ target }) => {
    const { answer } = target.dataset;
    if (answer === "stay") stay();
    if (answer === "understood") dialog.close();
  });
  dialog.addEventListener("cancel", (event) => {
    if (shown !== "soon") return;
    event.preventDefault(); // who presses Escape is there
    stay();
  });
  dialog.addEventListener("close", () => {
    understood = shown === "soon" ? "" : shown;
    shown = "";
    document.title = title;
  });
  addEventListener("input", ({ target }) => {
    if (!target.form) return;
    typed = true;
    if (Date.now() - asked > every) stay();
  });
  // A form that is on its way must not be overtaken by the end.
  addEventListener("beforeunload", () => (leaving = Date.now() + 15_000));
  addEventListener("pageshow", ({ persisted }) => persisted && stay());
  addEventListener("visibilitychange", tick);
  for (const form of document.querySelectorAll('form[action$="/session/end"]')) {
    form.addEventListener("submit", () => pages.postMessage({ signsOut: true }));
  }
  pages.onmessage = ({ data }) => {
    if (data.signsOut) setTimeout(stay, 2000); // when it is done, there is nothing left
    else if (another(data.name)) gone();
    else lasts(data);
  };
  learn(Number(dialog.dataset.left), dialog.dataset.last === "true");
  setInterval(tick, 1000);
}

const LATE = 10_000; // ms until it is told that what was typed is not kept yet
const PATIENCE = 60_000; // ms that a slow line may take to carry it

// A form whose text is kept by the portal while it is being filled in, so that a
// browser that dies or a session that ends takes nothing:
//
//   <form … data-typed="/kk/typed">
//     <input type="hidden" name="typed" …> and typed-row, -page, -turn, -since
//     <p role="status" data-typed-status></p>  <div hidden data-typed-newer>…</div>
//     <template data-typed-say="saved|offline|late|signed-out|other|large|many">…</template>
function prepareTyped(form) {
  const turn = form.elements.namedItem("typed-turn");
  if (!turn) return; // nothing is kept here
  const status = form.querySelector("[data-typed-status]");
  let dirty = false; // something was typed that the portal does not have
  let sent = false; // the form is on its way: what it carries is kept where it goes
  let timer;
  let last = Promise.resolve(); // one save after the other
  let pressed = false; // the form waits for its text to be kept

  function tell(what, clock = "") {
    const text = form.querySelector(`[data-typed-say="${what}"]`)?.content.textContent.replace("{clock}", clock) ?? "";
    if (status.textContent !== text) status.textContent = text; // the same words are not read out twice
  }

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(save, ms);
  }

  function save() {
    clearTimeout(timer);
    if (dirty && !sent) last = last.then(() => put());
  }

  async function put(leaving = false) {
    if (!dirty || sent) return "";
    dirty = false;
    turn.value = Number(turn.value) + 1;
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (typeof value !== "string") body.delete(name); // files are not kept
    const late = setTimeout(() => tell("late"), LATE);
    const patience = AbortSignal.timeout(PATIENCE);
    let answer, kept;
    try {
      answer = await post(body, leaving, patience);
      if (answer.ok) kept = await answer.json();
    } catch {
      // no network, or a slow one
    }
    clearTimeout(late);
    if (kept) {
      form.querySelector("[data-typed-newer]").hidden = !kept.newer;
      tell("saved", kept.at);
      return "";
    }
    const why = { 401: "signed-out", 409: "other", 413: "large", 422: "many" }[answer?.status] ?? (answer || patience.aborted ? "late" : "offline");
    tell(why);
    dirty = true;
    if (why === "offline" || why === "late") later(10_000);
    return why;
  }

  // A page that is being closed may send 64 KiB after itself and no more; a longer
  // text is sent as long as the page lives.
  async function post(body, leaving, signal) {
    const request = { method: "POST", body, credentials: "same-origin", mode: "same-origin", redirect: "error", signal };
    if (leaving) {
      try {
        return await fetch(form.dataset.typed, { ...request, keepalive: true });
      } catch {
        // too long for that, or no network
      }
    }
    return fetch(form.dataset.typed, request);
  }

  for (const event of ["input", "change"]) {
    form.addEventListener(event, () => {
      dirty = true;
      later(1000);
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") put(true);
  });
  addEventListener("online", save);
  // What the portal does not have yet is kept before the form is sent: where there
  // is no network, the person stays on the page and not before a browser's error. Where
  // keeping it is all that fails, the form brings it.
  form.addEventListener("submit", async (event) => {
    if (pressed) return event.preventDefault(); // pressed twice
    if (!dirty) {
      sent = true;
      clearTimeout(timer);
      turn.value = Number(turn.value) + 1;
      return;
    }
    event.preventDefault();
    pressed = true;
    const { submitter } = event;
    busy(submitter, true);
    const kept = await last.then((why) => (why === "late" ? why : put()));
    busy(submitter, false);
    pressed = false;
    if (kept === "offline") return status.scrollIntoView({ block: "nearest" });
    dirty = false;
    setTimeout(() => form.requestSubmit(submitter)); // a browser sends nothing anew while it still tells of this press
  });
  // Back to a form that was sent: as it stands it would not be kept any more.
  addEventListener("pageshow", ({ persisted }) => persisted && sent && location.reload());
}

document.querySelectorAll("form[data-sign]").forEach(prepareSigning);
document.querySelectorAll("form[data-typed]").forEach(prepareTyped);
document.querySelectorAll("select[data-autosubmit]").forEach(prepareSelect);
document.querySelectorAll("[data-copy]").forEach(prepareCopy);
document.querySelectorAll("#session").forEach(prepareSession);

// <div data-phone="MARK" data-events="/…" data-state="/…">: a page that waits for a
// phone. It is shown anew when the mark of its request has changed. Events tell at
// once; where they do not come, the state is asked for.
function preparePhone(block) {
  const { phone: mark, events, state } = block.dataset;
  let over = false;
  const told = (now) => {
    if (over || now === mark) return;
    over = true;
    location.reload();
  };
  const ask = async () => {
    if (over) return;
    try {
      const answer = await fetch(state, { credentials: "same-origin", cache: "no-store", redirect: "error" });
      told(answer.ok ? (await answer.json()).mark : "gone");
    } catch {
      // No connection: the next turn asks again.
    }
  };
  let failures = 0;
  const source = new EventSource(events);
  source.onmessage = ({ data }) => {
    failures = 0;
    told(JSON.parse(data).mark);
  };
  source.onerror = () => (failures += 1);
  setInterval(() => (failures > 1 || source.readyState === EventSource.CLOSED) && ask(), 3000);
  // The application took the screen meanwhile: what came is asked for on return.
  document.addEventListener("visibilitychange", () => document.hidden || ask());
}

document.querySelectorAll("[data-phone]").forEach(preparePhone);
// <form data-send>: its signature has come; it needs nobody to press the button.
// Pressed meanwhile it is not sent twice: the answer to the first would be lost.
function prepareSend(form) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) return event.preventDefault();
    sent = true;
    for (const button of form.querySelectorAll("button")) busy(button, true);
    setTimeout(() => {
      sent = false;
      for (const button of form.querySelectorAll("button")) busy(button, false);
    }, 20_000);
  });
  form.requestSubmit();
}

document.querySelectorAll("form[data-send]").forEach(prepareSend);
