// A reader's own notes on the pages of the file. They are encrypted here, with a key
// made from words that only the reader knows; the portal keeps bytes that say nothing
// to it (portal/materials/note.go has the same layout):
//
//   1 byte version, 16 bytes salt, 12 bytes nonce, AES-256-GCM of the text
//
// The id of the page is bound to its note, so that a note cannot be shown on another.
// The key lies in this tab only, until the tab is closed.

const ROUNDS = 600_000; // PBKDF2-SHA-256
const SALT = 16, NONCE = 12, HEAD = 1 + SALT + NONCE;
const KEPT = "notes-key-" + (document.querySelector("[data-notes]")?.dataset.of ?? "");
const LEAST = 8; // letters of the passphrase

const root = document.querySelector("[data-notes]");
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const base64 = (raw) => btoa(Array.from(raw, (b) => String.fromCharCode(b)).join(""));
const encode = (text) => new TextEncoder().encode(text);

async function derive(words, salt) {
  const from = await crypto.subtle.importKey("raw", encode(words.normalize("NFC")), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS }, from, 256));
}

const use = (raw) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

async function seal(key, salt, page, note) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  const made = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: encode(page) }, key, encode(JSON.stringify(note)));
  return Uint8Array.of(1, ...salt, ...nonce, ...new Uint8Array(made));
}

async function unseal(key, page, raw) {
  if (raw[0] !== 1) throw new Error("version");
  const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: raw.slice(1 + SALT, HEAD), additionalData: encode(page) }, key, raw.slice(HEAD));
  return JSON.parse(new TextDecoder().decode(text));
}

function say(word) {
  for (const line of root.querySelectorAll("[data-notes-say]")) line.hidden = line.dataset.notesSay !== word;
}

// What the passphrase is tried on, and whose salt it takes: any note there is.
function probe() {
  const own = root.dataset.own ? [root.dataset.own, root.dataset.page] : null;
  const other = root.dataset.probe ? [root.dataset.probe, root.dataset.probePage] : null;
  const listed = root.querySelector("[data-cipher]");
  return other ?? own ?? (listed && [listed.dataset.cipher, listed.dataset.page]);
}

async function open(raw, salt) {
  const key = await use(raw);
  const known = probe();
  if (known) await unseal(key, known[1], bytes(known[0])); // throws where it is another key
  sessionStorage.setItem(KEPT, JSON.stringify([base64(raw), base64(salt)]));
  return key;
}

async function show(key, salt) {
  const own = root.dataset.own && await unseal(key, root.dataset.page, bytes(root.dataset.own)).catch(() => null);
  if (own === null) throw new Error("another key"); // an empty field here would be written over it
  root.querySelector("[data-notes-key]").hidden = true;
  const mark = document.querySelector("template[data-bookmark]")?.content.textContent ?? "";
  for (const line of root.querySelectorAll("[data-cipher]")) {
    const note = await unseal(key, line.dataset.page, bytes(line.dataset.cipher)).catch(() => null);
    line.textContent = note ? [note.bookmark ? "★" : "", note.text].filter(Boolean).join(" ") : "…";
  }
  const form = root.querySelector("[data-note]");
  if (!form) return;
  const text = form.querySelector("#note"), bookmark = form.querySelector("#bookmark");
  if (own) {
    text.value = own.text;
    bookmark.checked = own.bookmark;
  }
  form.hidden = false;
  form.addEventListener("input", () => say(""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const empty = !text.value.trim() && !bookmark.checked;
    const content = empty ? "" : base64(await seal(key, salt, root.dataset.page, { text: text.value, bookmark: bookmark.checked }));
    const answer = await fetch(root.dataset.save, { method: "POST", body: new URLSearchParams({ content }) }).catch(() => null);
    say(answer?.status === 204 ? "saved" : "lost");
  });
}

async function begin() {
  root.hidden = false;
  const known = probe();
  // Of a first note it is made of what every tab of the reader has: two salts would be two keys.
  const made = await crypto.subtle.digest("SHA-256", encode("zharia/notes/1 " + root.dataset.of));
  const salt = known ? bytes(known[0]).slice(1, 1 + SALT) : new Uint8Array(made).slice(0, SALT);
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (kept) {
    const old = bytes(kept[1]);
    const same = !known || base64(old) === base64(salt);
    try {
      if (same) return await show(await open(bytes(kept[0]), old), old);
    } catch {
      // another person's key, or of other notes: ask
    }
    sessionStorage.removeItem(KEPT);
  }
  const ask = root.querySelector("[data-notes-key]");
  ask.hidden = false;
  ask.addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = ask.querySelector("input");
    if (field.value.length < LEAST) {
      say("short");
      return field.focus();
    }
    say("working");
    try {
      const key = await open(await derive(field.value, salt), salt);
      field.value = "";
      say("");
      await show(key, salt);
    } catch {
      say("wrong");
      field.focus();
    }
  });
}

if (root && globalThis.crypto?.subtle) begin();
