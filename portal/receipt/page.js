// Checks receipts and documents without a network: everything a receipt proves is
// computed here, by this file alone (SHA-256: FIPS 180-4, Ed25519: RFC 8032, the
// tree: RFC 6962, the signed root: C2SP signed-note and tlog-checkpoint). The key of
// the ledger and the words of both languages stand in the page, in #data.
"use strict"

// ---- Bytes -----------------------------------------------------------------

const utf8 = new TextEncoder()
const bytes = text => utf8.encode(text)
const hex = b => Array.from(b, x => x.toString(16).padStart(2, "0")).join("")
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i])

function joined(...parts) {
	const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
	let at = 0
	for (const p of parts) {
		out.set(p, at)
		at += p.length
	}
	return out
}

function unhex(text) {
	if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Refusal("malformed")
	return Uint8Array.from(text.match(/../g) || [], x => parseInt(x, 16))
}

// Base64 in its one canonical form; anything else is refused.
function unbase64(text) {
	let raw
	try {
		raw = atob(text)
	} catch {
		throw new Refusal("malformed")
	}
	if (btoa(raw) !== text) throw new Refusal("malformed")
	return Uint8Array.from(raw, c => c.charCodeAt(0))
}

// ---- SHA-256 ---------------------------------------------------------------

const primes = (() => {
	const out = []
	for (let n = 2; out.length < 80; n++) if (out.every(p => n % p)) out.push(n)
	return out
})()

// The constants are the first bits of the fractions of roots of primes: computed
// exactly, so that no table can be wrong by a digit.
function root(n, degree, bits) {
	const want = BigInt(n) << BigInt(degree * bits)
	let low = 0n, high = 1n << BigInt(bits + 8)
	while (high - low > 1n) {
		const mid = (low + high) >> 1n
		if (mid ** BigInt(degree) <= want) low = mid
		else high = mid
	}
	return BigInt.asUintN(bits, low)
}

const k256 = Uint32Array.from(primes.slice(0, 64), p => Number(root(p, 3, 32)))
const h256 = Uint32Array.from(primes.slice(0, 8), p => Number(root(p, 2, 32)))
const k512 = primes.map(p => root(p, 3, 64))
const h512 = primes.slice(0, 8).map(p => root(p, 2, 64))

// padded is the end of a message of n bytes: what is left of it, the bit, the length.
function padded(message, block, length) {
	const whole = Math.floor(message.length / block) * block
	const rest = message.length - whole
	const tail = new Uint8Array(rest + 1 + length > block ? 2 * block : block)
	tail.set(message.subarray(whole))
	tail[rest] = 0x80
	new DataView(tail.buffer).setBigUint64(tail.length - 8, BigInt(message.length) * 8n)
	return [message.subarray(0, whole), tail]
}

function sha256(message) {
	const h = h256.slice(), w = new Uint32Array(64)
	for (const part of padded(message, 64, 8)) {
		const view = new DataView(part.buffer, part.byteOffset, part.byteLength)
		for (let at = 0; at < part.length; at += 64) {
			for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i)
			for (let i = 16; i < 64; i++) {
				const x = w[i - 15], y = w[i - 2]
				const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3
				const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10
				w[i] = w[i - 16] + s0 + w[i - 7] + s1
			}
			let [a, b, c, d, e, f, g, z] = h
			for (let i = 0; i < 64; i++) {
				const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)
				const t1 = z + s1 + (e & f ^ ~e & g) + k256[i] + w[i] | 0
				const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)
				const t2 = s0 + (a & b ^ a & c ^ b & c) | 0
				z = g; g = f; f = e; e = d + t1 | 0; d = c; c = b; b = a; a = t1 + t2 | 0
			}
			for (const [i, x] of [a, b, c, d, e, f, g, z].entries()) h[i] += x
		}
	}
	const out = new DataView(new ArrayBuffer(32))
	h.forEach((x, i) => out.setUint32(4 * i, x))
	return new Uint8Array(out.buffer)
}

// ---- SHA-512, for Ed25519 alone: short messages ----------------------------

function sha512(message) {
	const cut = x => BigInt.asUintN(64, x)
	const turn = (x, n) => cut(x >> n | x << 64n - n)
	const h = h512.slice(), w = []
	for (const part of padded(message, 128, 16)) {
		const view = new DataView(part.buffer, part.byteOffset, part.byteLength)
		for (let at = 0; at < part.length; at += 128) {
			for (let i = 0; i < 16; i++) w[i] = view.getBigUint64(at + 8 * i)
			for (let i = 16; i < 80; i++) {
				const x = w[i - 15], y = w[i - 2]
				w[i] = cut(w[i - 16] + (turn(x, 1n) ^ turn(x, 8n) ^ x >> 7n) + w[i - 7] + (turn(y, 19n) ^ turn(y, 61n) ^ y >> 6n))
			}
			let [a, b, c, d, e, f, g, z] = h
			for (let i = 0; i < 80; i++) {
				const t1 = z + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + (e & f ^ cut(~e) & g) + k512[i] + w[i]
				const t2 = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + (a & b ^ a & c ^ b & c)
				z = g; g = f; f = e; e = cut(d + t1); d = c; c = b; b = a; a = cut(t1 + t2)
			}
			for (const [i, x] of [a, b, c, d, e, f, g, z].entries()) h[i] = cut(h[i] + x)
		}
	}
	const out = new DataView(new ArrayBuffer(64))
	h.forEach((x, i) => out.setBigUint64(8 * i, x))
	return new Uint8Array(out.buffer)
}

// ---- Ed25519, verifying only: nothing here is secret -----------------------

const prime = 2n ** 255n - 19n
const order = 2n ** 252n + 27742317777372353535851937790883648493n
const mod = (x, m = prime) => (x %= m) < 0n ? x + m : x

function power(x, n) {
	let out = 1n
	for (; n > 0n; n >>= 1n) {
		if (n & 1n) out = mod(out * x)
		x = mod(x * x)
	}
	return out
}

const inverse = x => power(x, prime - 2n)
const curve = mod(-121665n * inverse(121666n))
const halfTurn = power(2n, (prime - 1n) / 4n) // a root of -1

const little = b => b.reduceRight((n, x) => n << 8n | BigInt(x), 0n)

// A point is [X, Y, Z, T] with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032, 5.1.4).
const zero = [0n, 1n, 1n, 0n]

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
	const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2))
	const c = mod(2n * t1 * t2 * curve), d = mod(2n * z1 * z2)
	const e = b - a, f = d - c, g = d + c, h = b + a
	return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

function times(n, point) {
	let out = zero
	for (; n > 0n; n >>= 1n) {
		if (n & 1n) out = add(out, point)
		point = add(point, point)
	}
	return out
}

// RFC 8032, 5.1.3; null where the bytes are no point.
function pointOf(b) {
	const y = BigInt.asUintN(255, little(b)), odd = BigInt(b[31] >> 7)
	if (b.length !== 32 || y >= prime) return null
	const u = mod(y * y - 1n), v = mod(curve * y * y + 1n)
	let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (prime - 5n) / 8n))
	if (mod(v * x * x) === mod(-u)) x = mod(x * halfTurn)
	if (mod(v * x * x) !== u || x === 0n && odd) return null
	if ((x & 1n) !== odd) x = prime - x
	return [x, y, 1n, mod(x * y)]
}

function bytesOf([x, y, z]) {
	const i = inverse(z)
	let n = mod(y * i) | (mod(x * i) & 1n) << 255n
	return Uint8Array.from({length: 32}, () => {
		const low = Number(n & 255n)
		n >>= 8n
		return low
	})
}

const base = pointOf(Uint8Array.from({length: 32}, (_, i) => i ? 0x66 : 0x58))

// RFC 8032, 5.1.7, without the cofactor and with no S above the order: as Go does.
function ed25519(key, message, signature) {
	const point = key.length === 32 && signature.length === 64 && pointOf(key)
	const s = little(signature.subarray(32))
	if (!point || s >= order) return false
	const k = mod(little(sha512(joined(signature.subarray(0, 32), key, message))), order)
	const [x, y, z, t] = times(k, point)
	return same(bytesOf(add(times(s, base), [mod(-x), y, z, mod(-t)])), signature.subarray(0, 32))
}

// ---- The tree (RFC 6962, 2.1) ----------------------------------------------

const leafHash = leaf => sha256(joined([0], leaf))
const nodeHash = (left, right) => sha256(joined([1], left, right))

// rootOf climbs from the leaf at index to the root of a tree of size leaves, both
// BigInt; null where the proof is not as long as the way (RFC 9162, 2.1.3.2).
function rootOf(hash, index, size, proof) {
	let last = size - 1n
	if (index > last || index < 0n) return null
	for (const step of proof) {
		if (last === 0n) return null
		if (index & 1n || index === last) {
			hash = nodeHash(step, hash)
			while (!(index & 1n) && index > 0n) {
				index >>= 1n
				last >>= 1n
			}
		} else {
			hash = nodeHash(hash, step)
		}
		index >>= 1n
		last >>= 1n
	}
	return last === 0n ? hash : null
}

// ---- Signed notes and roots ------------------------------------------------

class Refusal extends Error {
	constructor(reason) {
		super(reason)
		this.reason = reason
	}
}

// A verifier key: NAME+HASH+BASE64, the hash that of name, line feed and key.
function keyOf(text) {
	const [, name, number, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) || []
	if (!name) throw new Refusal("malformed")
	const raw = unbase64(encoded)
	if (raw[0] !== 1 || raw.length !== 33 || hex(sha256(joined(bytes(name + "\n"), raw)).subarray(0, 4)) !== number) throw new Refusal("malformed")
	return {name, number, key: raw.subarray(1)}
}

// checkpointOf is the size and the root that the key signed.
function checkpointOf(note, trusted) {
	const no = new Refusal("no-checkpoint")
	const end = note.lastIndexOf("\n\n")
	const text = note.slice(0, end + 1)
	const signed = end > 0 && note.endsWith("\n") && note.slice(end + 2, -1).split("\n").some(line => {
		const [, name, encoded] = /^— ([^ ]+) ([^ ]+)$/.exec(line) || []
		if (name !== trusted.name) return false
		const raw = unbase64(encoded)
		return hex(raw.subarray(0, 4)) === trusted.number && ed25519(trusted.key, bytes(text), raw.subarray(4))
	})
	if (!signed) throw no
	const [origin, size, root, last, ...more] = text.split("\n")
	if (origin !== trusted.name || last !== "" || more.length || !/^(0|[1-9][0-9]{0,18})$/.test(size)) throw no
	const hash = unbase64(root)
	if (hash.length !== 32) throw no
	return {size: BigInt(size), root: hash}
}

// ---- The row of the ledger (portal/ledger, encoding 2) ---------------------

function rowOf(leaf) {
	const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength)
	let at = 0
	const take = n => {
		if (at + n > leaf.length) throw new Refusal("other-row")
		return leaf.subarray(at, at += n)
	}
	const number = n => {
		take(n)
		return n === 1 ? view.getUint8(at - 1) : n === 2 ? view.getUint16(at - 2) : view.getBigInt64(at - 8)
	}
	const text = () => {
		try {
			return new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(take(number(2)))
		} catch {
			throw new Refusal("other-row")
		}
	}
	if (number(1) !== 2) throw new Refusal("other-row")
	const row = {seq: number(8), at: number(8)}
	take(16) // who, by a number that names nobody
	row.act = text()
	text()    // what kind of thing
	take(16)  // which one
	take(16)  // in which case
	row.law = text()
	const length = number(1)
	if (length !== 0 && length !== 32) throw new Refusal("other-row")
	row.digest = take(length)
	take(32) // what else the act wrote
	if (at !== leaf.length) throw new Refusal("other-row")
	return row
}

// ---- Receipts --------------------------------------------------------------

const most = 48 << 10

const isReceipt = file => file.length >= 15 && same(file.subarray(0, 15), bytes("zharia-receipt/"))

// receiptOf reads a receipt; what is not written exactly so is none.
function receiptOf(file) {
	const bad = new Refusal("malformed")
	if (file.length > most) throw bad
	let text
	try {
		text = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(file)
	} catch {
		throw bad
	}
	const form = /^zharia-receipt\/1\ndocument ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\ndigest ([0-9a-f]{64})\nleaf ([A-Za-z0-9+/=]{1,1368})\nindex (0|[1-9][0-9]{0,18})\n((?:proof [A-Za-z0-9+/=]{44}\n){0,63})key ([^\n]{1,300})\n(?:stamp ([A-Za-z0-9+/=]{1,21848})\n)?\n([^]{1,10000})\nsum ([0-9a-f]{64})\n$/
	const found = form.exec(text)
	if (!found) throw bad
	const [, document, digest, leaf, index, proof, key, stamp, checkpoint, sum] = found
	if (sum !== hex(sha256(bytes(text.slice(0, -69))))) throw new Refusal("damaged")
	if (stamp) unbase64(stamp)
	return {
		document, digest: unhex(digest), leaf: unbase64(leaf), index: BigInt(index), key, stamped: !!stamp, checkpoint,
		proof: (proof.match(/\S{44}/g) || []).map(unbase64),
	}
}

// verify checks all that a receipt can prove; what does not hold is thrown.
function verify(file, trusted) {
	const r = receiptOf(file)
	if (r.key !== trusted) throw new Refusal("other-key")
	const root = checkpointOf(r.checkpoint, keyOf(trusted))
	const row = rowOf(r.leaf)
	if (row.seq - 1n !== r.index || !same(row.digest, r.digest)) throw new Refusal("other-row")
	const reached = rootOf(leafHash(r.leaf), r.index, root.size, r.proof)
	if (!reached || !same(reached, root.root)) throw new Refusal("not-inside")
	return {...r, row, root}
}

// ---- The page --------------------------------------------------------------

const data = JSON.parse(document.getElementById("data").textContent)
const results = document.getElementById("results")
let shown = [] // what the verdicts were made of, to say them again in the other language

const lang = () => document.documentElement.lang
const say = (key, values = {}) => (data.words[lang()][key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name])

function make(name, text, ...children) {
	const e = document.createElement(name)
	if (text) e.textContent = text
	e.append(...children)
	return e
}

// The clock of Kazakhstan is five hours ahead of UTC all the year.
function clock(micros) {
	const t = new Date(Number(micros / 1000n) + 5 * 3600_000).toISOString()
	return say("offline.moment", {day: t.slice(8, 10) + "." + t.slice(5, 7) + "." + t.slice(0, 4), clock: t.slice(11, 19)})
}

const groups = digest => hex(digest).match(/.{8}/g).join(" ")

function facts(rows) {
	const list = make("dl")
	for (const [label, value, mono] of rows) {
		const dd = make("dd", value)
		if (mono) dd.className = "hash"
		list.append(make("div", "", make("dt", say(label)), dd))
	}
	return list
}

function verdict({name, reason, proved, document: brought}) {
	const good = proved && brought !== "other"
	const box = make("section")
	box.className = good ? "good" : "bad"
	box.append(make("h2", say(good ? "offline.good" : brought === "other" ? "offline.other" : "offline.bad")), make("p", name))
	box.lastChild.className = "name"
	if (reason) {
		box.append(make("p", say("offline.why." + reason)))
		return box
	}
	if (brought === "other") {
		box.append(make("p", say("offline.why.other-document")), facts([["offline.at", clock(proved.row.at)], ["offline.digest", groups(proved.digest), true]]))
		return box
	}
	const list = make("ul")
	for (const key of brought === "same" ? ["offline.proved.document", "offline.proved.row", "offline.proved.kept"] : ["offline.proved.row", "offline.proved.kept"]) {
		list.append(make("li", say(key)))
	}
	const act = data.words[lang()]["record." + proved.row.act]
	const rows = [
		["offline.at", clock(proved.row.at)],
		["offline.act", act || proved.row.act],
		["offline.place", say("offline.place.value", {place: String(proved.row.seq), size: String(proved.root.size)})],
		["offline.digest", groups(proved.digest), true],
		["offline.root", groups(proved.root.root), true],
	]
	box.append(list, facts(rows))
	const not = make("ul")
	if (!brought) not.append(make("li", say("offline.not.document")))
	not.append(make("li", say("offline.not.who")), make("li", say(proved.stamped ? "offline.not.stamp" : "offline.not.time")), make("li", say("offline.not.number", {number: proved.document})))
	box.append(make("h3", say("offline.not")), not)
	return box
}

function lone({name, digest}) {
	const box = make("section")
	box.className = "bad"
	box.append(make("h2", say("offline.alone")), make("p", name), make("p", say("offline.alone.text")), facts([["offline.digest", groups(digest), true]]))
	box.children[1].className = "name"
	return box
}

function tell() {
	results.replaceChildren(...shown.map(one => one.digest ? lone(one) : verdict(one)))
	for (const e of document.querySelectorAll("[data-say]")) e.textContent = say(e.dataset.say, {key: data.fingerprint})
	document.title = say("offline.title")
}

const pause = () => new Promise(done => setTimeout(done))

// look judges the files that were brought: receipts each by itself, documents by the
// receipts beside them.
async function look(files) {
	results.setAttribute("aria-busy", "true")
	shown = []
	results.replaceChildren(make("p", say("offline.busy")))
	await pause()
	const receipts = [], documents = []
	for (const f of files) {
		if (f.size > data.most) {
			shown.push({name: f.name, reason: "too-large"})
			continue
		}
		let file
		try {
			file = new Uint8Array(await f.arrayBuffer())
		} catch {
			shown.push({name: f.name, reason: "unreadable"})
			continue
		}
		if (!isReceipt(file)) {
			documents.push({name: f.name, digest: sha256(file)})
			await pause()
			continue
		}
		const one = {name: f.name}
		receipts.push(one)
		try {
			one.proved = verify(file, data.key)
		} catch (e) {
			if (!(e instanceof Refusal)) console.error(e)
			one.reason = e.reason || "malformed"
		}
		await pause()
	}
	for (const d of documents) {
		const own = receipts.filter(r => r.proved && same(r.proved.digest, d.digest))
		for (const r of own) r.document = "same"
		if (own.length) d.known = true
	}
	// One document beside one receipt is meant for it; it is said when it is another.
	if (receipts.length === 1 && documents.length === 1 && !documents[0].known && receipts[0].proved) {
		receipts[0].document = "other"
		documents[0].known = true
	}
	shown = [...receipts, ...documents.filter(d => !d.known), ...shown]
	tell()
	results.removeAttribute("aria-busy")
	results.focus()
}

const field = document.getElementById("files")
field.addEventListener("click", () => field.value = "") // or the same file chosen again would be no change
field.addEventListener("change", () => field.files.length && look([...field.files]))
document.getElementById("lang").addEventListener("click", e => {
	document.documentElement.lang = lang() === "kk" ? "ru" : "kk"
	e.currentTarget.lang = lang() === "kk" ? "ru" : "kk"
	tell()
})
const drop = document.getElementById("drop")
for (const name of ["dragenter", "dragover"]) {
	document.addEventListener(name, e => {
		e.preventDefault()
		drop.classList.add("over")
	})
}
document.addEventListener("dragleave", e => e.relatedTarget || drop.classList.remove("over"))
document.addEventListener("drop", e => {
	e.preventDefault()
	drop.classList.remove("over")
	if (e.dataTransfer.files.length) look([...e.dataTransfer.files])
})
