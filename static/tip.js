// The puzzle of the anonymous lane: finds a number that with the ticket of the page and a
// colon before it has a SHA-256 beginning with so many zeros. It sends nothing and reads
// nothing but the form it stands in; without it the form is sent as well, a little later.

const K = new Uint32Array(64);
const H = new Uint32Array(8);
{
  // The constants of FIPS 180-4: fractional parts of roots of the first primes.
  const frac = (x) => ((x - Math.floor(x)) * 0x100000000) | 0;
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (found < 8) H[found] = frac(Math.sqrt(n));
    K[found++] = frac(Math.cbrt(n));
  }
}

const w = new Uint32Array(64);

// first is the first word of the SHA-256 of a text of one block, at most 55 bytes.
function first(bytes, size) {
  w.fill(0, 0, 16);
  for (let i = 0; i < size; i++) w[i >> 2] |= bytes[i] << (24 - 8 * (i & 3));
  w[size >> 2] |= 0x80 << (24 - 8 * (size & 3));
  w[15] = size * 8;
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15], y = w[i - 2];
    w[i] = (w[i - 16] + w[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10)) | 0;
  }
  let [a, b, c, d, e, f, g, h] = H;
  for (let i = 0; i < 64; i++) {
    const s = (h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const t = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + s) | 0; d = c; c = b; b = a; a = (s + t) | 0;
  }
  return (H[0] + a) >>> 0;
}

const field = document.querySelector("input[data-puzzle]");
if (field) {
  const ticket = field.dataset.puzzle, below = 2 ** (32 - Number(field.dataset.bits));
  const bytes = new Uint8Array(64);
  for (let i = 0; i < ticket.length; i++) bytes[i] = ticket.charCodeAt(i);
  bytes[ticket.length] = 0x3a;
  const from = ticket.length + 1;
  let n = 0;
  const turn = () => {
    const until = performance.now() + 12; // a page that works on must still take what is typed
    while (performance.now() < until) {
      for (let i = 0; i < 200; i++, n++) {
        const text = String(n);
        for (let j = 0; j < text.length; j++) bytes[from + j] = text.charCodeAt(j);
        if (first(bytes, from + text.length) < below) {
          field.value = text;
          return;
        }
      }
    }
    setTimeout(turn, 0);
  };
  turn();
}
