/** Bytes as text, where there is no Buffer. */

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODES = Uint8Array.from(LETTERS, (letter) => letter.charCodeAt(0));
const PADDING = '='.charCodeAt(0);
/** So many characters are made of codes at once: an engine has no room for any number of arguments. */
const AT_ONCE = 8192;

/** Base64 with padding, as everybody reads it. */
export function toBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(PADDING);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const [a = 0, b = 0, c = 0] = [bytes[from], bytes[from + 1], bytes[from + 2]];
    const left = bytes.length - from;
    codes[to] = CODES[a >> 2] as number;
    codes[to + 1] = CODES[((a & 3) << 4) | (b >> 4)] as number;
    if (left > 1) codes[to + 2] = CODES[((b & 15) << 2) | (c >> 6)] as number;
    if (left > 2) codes[to + 3] = CODES[c & 63] as number;
  }
  let text = '';
  for (let at = 0; at < codes.length; at += AT_ONCE) {
    text += String.fromCharCode(...codes.subarray(at, at + AT_ONCE));
  }
  return text;
}
