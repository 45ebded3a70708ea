// A conversation with NCALayer, the program on a person's own computer that
// holds the keys. A web socket; after a handshake one request at a time; the
// person chooses a key in the program's own window, for as long as they like.
//
//   const agent = await connect("wss://127.0.0.1:13579/");
//   const cms = await agent.sign({ data: base64, detached: true, locale: "kk" });
//
// Whatever goes wrong is an AgentError with one of these codes:
//
//   agent-absent      nothing answers there, or something that is no NCALayer
//   agent-permission  the browser was told not to let this site reach programs here
//   agent-old         a version that knows no module that signs
//   agent-timeout     it took the connection and said nothing
//   agent-lost        it was closed while we talked
//   agent-busy        a page of this site is signing already
//   agent-cancelled   the person cancelled
//   agent-refused     it would not sign; detail is what it said, in its own words

const HEARTBEAT = "--heartbeat--";
const BASICS = "kz.gov.pki.knca.basics";
const COMMON = "kz.gov.pki.knca.commonUtils"; // before basics, and still there

export class AgentError extends Error {
  constructor(code, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "AgentError";
    this.code = code;
    this.detail = detail;
  }
}

// permission is what the browser says about programs on this computer: "granted",
// "prompt", "denied", or "" where it does not ask (Firefox, Safari, old Chromium).
// Chromium had one permission before version 145 and has had two since.
export async function permission() {
  return (await permissionStatus())?.state ?? "";
}

// permissionStatus is the same as an object that tells of changes, or null.
export async function permissionStatus() {
  for (const name of ["loopback-network", "local-network-access"]) {
    try {
      return await navigator.permissions.query({ name });
    } catch {
      // this browser does not know the name
    }
  }
  return null;
}

// asksPermission says whether connecting will make the browser ask the person. A
// page that itself comes from this computer (development, the demonstration) is
// never asked about it, whatever the permission says.
export async function asksPermission() {
  return !here() && (await permission()) === "prompt";
}

// here says whether the page comes from this computer itself.
export function here() {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
}

// alone does something while no other page of this site does it: the program has
// one window, and a second request would wait behind it unseen. Where the browser
// has no locks, nobody is held up.
export async function alone(work) {
  if (!navigator.locks) return work();
  return navigator.locks.request("signing", { ifAvailable: true }, (lock) => {
    if (!lock) throw new AgentError("agent-busy");
    return work();
  });
}

// connect opens the socket and waits for the handshake. patience (ms) is how
// long the program may be silent before it is signing; while the browser asks
// the person for permission there is no limit. heartbeat (ms) keeps the socket
// open. signal gives up: the agent's request is withdrawn.
export async function connect(address, { patience = 10_000, heartbeat = 5_000, signal } = {}) {
  const asks = await asksPermission();
  if (signal?.aborted) throw new AgentError("agent-cancelled");
  const agent = new Agent(open(address), heartbeat);
  signal?.addEventListener("abort", () => agent.end(new AgentError("agent-cancelled")), { once: true });
  await agent.ready(patience, asks);
  return agent;
}

function open(address) {
  try {
    return new WebSocket(address);
  } catch {
    throw new AgentError("agent-absent"); // a plain socket from a secure page, or a wrong address
  }
}

class Agent {
  #socket;
  #expecting; // {resolve, reject} of whoever waits for the next message
  #ended; // the AgentError that ended the conversation
  #signing = false;
  #opened = false;
  #beat;
  version = "";

  constructor(socket, heartbeat) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#heard(data);
    socket.onopen = () => {
      this.#opened = true;
      // An NCALayer whose dialog is open may not answer a heartbeat, so a missing
      // echo means nothing; a program that ends closes the socket.
      this.#beat = setInterval(() => socket.send(HEARTBEAT), heartbeat);
    };
    socket.onclose = () => this.end(new AgentError(this.#opened ? "agent-lost" : "agent-absent"));
  }

  // ready waits for the handshake, once.
  async ready(patience, asks) {
    const late = () => this.end(new AgentError("agent-timeout"));
    let timer = asks ? 0 : setTimeout(late, patience);
    if (asks) this.#socket.addEventListener("open", () => (timer = setTimeout(late, patience)));
    try {
      this.version = String(read(await this.#next()).result?.version ?? "");
    } catch (error) {
      // A refused permission looks like a program that is not there; only the
      // browser can tell the two apart.
      if (error.code === "agent-absent" && (await permission()) === "denied") throw new AgentError("agent-permission");
      throw error;
    } finally {
      clearTimeout(timer);
    }
    if (!this.version) {
      this.end(new AgentError("agent-absent")); // some other program has the port
      throw this.#ended;
    }
  }

  // sign asks for a signature over data (base64) and gives it as the agent wrote
  // it, PEM or base64; for a list of data it gives a list of as many. detached
  // leaves the data out of the signature; stamped asks for a time-stamp; iin
  // presets whose key it must be; usages must all be in its certificate; chain
  // null takes keys of the national authority, [] any key (test keys).
  async sign(request) {
    if (this.#signing) throw new AgentError("agent-busy");
    if (this.#ended) throw this.#ended;
    this.#signing = true;
    try {
      const result = await this.#basics(request);
      return result === undefined ? await this.#common(request) : result;
    } finally {
      this.#signing = false;
    }
  }

  // basics gives undefined where the module is not there.
  async #basics({ data, detached = false, stamped = false, locale = "kk", iin = "", usages = [], chain = null }) {
    const answer = await this.#ask({
      module: BASICS,
      method: "sign",
      args: {
        format: "cms",
        data,
        signingParams: { decode: true, encapsulate: !detached, digested: false, tsaProfile: stamped ? {} : null },
        signerParams: { extKeyUsageOids: usages, iin, chain },
        locale,
      },
    });
    return absent(answer) ? undefined : signatures(answer, data);
  }

  // common signs by the older module: one after another, with the card that is in
  // the reader or, where there is none, with a key file. It can preset no owner;
  // the portal looks whose key it was.
  async #common({ data, detached = false, stamped = false }) {
    const tokens = await this.#ask({ module: COMMON, method: "getActiveTokens" });
    if (absent(tokens)) throw new AgentError("agent-old");
    const storage = tokens.responseObject?.[0] ?? "PKCS12";
    const method = stamped ? "createCMSSignatureFromBase64" : "createCAdESFromBase64";
    const made = [];
    for (const one of [data].flat()) {
      const answer = await this.#ask({ module: COMMON, method, args: [storage, "SIGNATURE", one, !detached] });
      if (String(answer.code) !== "200") throw refusal(answer);
      made.push(signature(answer.responseObject));
    }
    return Array.isArray(data) ? made : made[0];
  }

  async #ask(request) {
    const answer = this.#next();
    this.#socket.send(JSON.stringify(request));
    return read(await answer);
  }

  close() {
    this.end(new AgentError("agent-lost"));
  }

  // end closes the socket and fails whoever waits.
  end(error) {
    this.#ended ??= error;
    clearInterval(this.#beat);
    this.#expecting?.reject(this.#ended);
    this.#expecting = undefined;
    this.#socket.close();
  }

  #next() {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(this.#ended);
      else this.#expecting = { resolve, reject };
    });
  }

  #heard(text) {
    if (text === HEARTBEAT) return;
    this.#expecting?.resolve(text); // what nobody waits for is let go
    this.#expecting = undefined;
  }
}

// read reads a message; one that is not an object says nothing we know.
function read(text) {
  try {
    const message = JSON.parse(text);
    if (message && typeof message === "object") return message;
  } catch {
    // told below
  }
  return {};
}

function absent(answer) {
  return answer.errorCode === "MODULE_NOT_FOUND";
}

// signatures takes the signatures out of an answer of basics, one for each piece
// of data, or throws what the answer says.
function signatures(answer, data) {
  if (answer.status !== true) throw refusal(answer);
  const result = answer.body?.result;
  if (result === undefined || result === null) throw new AgentError("agent-cancelled");
  const made = [result].flat(); // an array since 1.4; a string before
  if (made.length !== [data].flat().length) throw new AgentError("agent-refused");
  return Array.isArray(data) ? made.map(signature) : signature(made[0]);
}

function signature(text) {
  if (typeof text !== "string" || text === "") throw new AgentError("agent-refused");
  return text;
}

function refusal({ code, message, details }) {
  if (message === "action.canceled") return new AgentError("agent-cancelled");
  // What another program says is shown as text, once, and not a page of it.
  const said = [message, details].find((text) => typeof text === "string" && text.trim() !== "") ?? code ?? "";
  return new AgentError("agent-refused", String(said).slice(0, 500));
}
