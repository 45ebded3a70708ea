// What the portal's pages do where scripts run. Every page can be read and every
// text form sent without this; signing needs it, because the key is in a program
// on the person's computer. No words are here: the page brings its own.
//
// A form that is signed before it is sent:
//
//   <form method="post" action="…" data-sign data-agent="wss://127.0.0.1:13579/"
//         data-mode="detached" data-locale="kk" data-iin="…"
//         data-content="BASE64"  or  data-content-url="/…"
//         data-expires="RFC 3339" data-renew-url="/…"    (both optional)
//         data-usages="OID OID" data-chain="any"         (both optional)
//         data-client="/static/…/ncalayer.js">           (where it has another name)
//     <textarea hidden name="signature"></textarea>
//     <button>…</button>  <button type="button" data-sign-stop hidden>…</button>
//     <p role="status" data-sign-status></p>
//     <template data-text="preparing|permission|waiting|sending">…</template>
//     <div hidden role="alert" tabindex="-1" data-cause="agent-absent">… <q data-detail></q></div>
//   </form>
//
// Causes: those of ncalayer.js; content-unavailable (the document did not
// arrive); other (the block shown for a cause that has none of its own).

class Failure extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

function prepareSigning(form) {
  const field = form.elements.namedItem("signature");
  const stop = form.querySelector("[data-sign-stop]");
  // Asked for now, so that it is here when the button is pressed; a failure is
  // met again, and told, when it is.
  const client = import(form.dataset.client ?? "./ncalayer.js");
  client.catch(() => {});
  let state = "idle"; // then signing, sending (our own submit is on its way), sent
  let work; // the AbortController of the signing in progress

  function idle() {
    state = "idle";
    field.value = "";
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
      field.value = await sign(form, await client, work.signal);
      say(form, "sending");
      state = "sending";
      form.requestSubmit(button);
      if (state !== "sent") idle(); // the browser found a field to complain of
    } catch (error) {
      idle();
      // A code that is not ours (a DOMException has numbers) is a fault of the page.
      const known = typeof error.code === "string";
      if (!known) console.error(error);
      showCause(form, known ? error.code : "other", error.detail);
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

// sign gives the signature over what the form names.
async function sign(form, { connect, asksPermission }, signal) {
  const { agent: address, mode, locale, iin, usages, chain } = form.dataset;
  say(form, "preparing");
  const data = await content(form, signal);
  if (await asksPermission()) say(form, "permission");
  const agent = await connect(address, { signal });
  try {
    say(form, "waiting");
    return await agent.sign({
      data,
      detached: mode === "detached",
      locale,
      iin,
      usages: usages?.split(" ").filter(Boolean),
      chain: chain === "any" ? [] : null,
    });
  } finally {
    agent.close();
  }
}

// content is what is to be signed, in base64: from the page, or fetched from the
// portal. A challenge past its time is exchanged for a fresh one first.
async function content(form, signal) {
  const { content: inPage, contentUrl, expires, renewUrl } = form.dataset;
  if (renewUrl && Date.parse(expires) <= Date.now()) {
    const fresh = await (await get(renewUrl, signal, "POST")).json();
    form.dataset.content = fresh.content;
    form.dataset.expires = fresh.expires;
    return fresh.content;
  }
  return inPage ?? base64(await (await get(contentUrl, signal)).blob());
}

async function get(url, signal, method = "GET") {
  try {
    // A redirect would be the page that asks to sign in, not the document.
    const answer = await fetch(url, { method, signal, credentials: "same-origin", mode: "same-origin", redirect: "error", cache: "no-store" });
    if (answer.ok) return answer;
  } catch {
    if (signal.aborted) throw new Failure("agent-cancelled");
  }
  throw new Failure("content-unavailable");
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
  if (!block.hasAttribute("tabindex")) block.tabIndex = -1;
  block.focus();
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

document.querySelectorAll("form[data-sign]").forEach(prepareSigning);
document.querySelectorAll("select[data-autosubmit]").forEach(prepareSelect);
document.querySelectorAll("[data-copy]").forEach(prepareCopy);
