/** Counts words as `wc -w` does in the C locale. */
import { spawnSync } from 'node:child_process';

/**
 * Counts the words of a text.
 *
 * To wc a word is what stands between spaces; until coreutils 9.5 only if it holds a printable
 * ASCII character. So the wc of this machine is asked which it is.
 */
export function wordCounter(): (text: Uint8Array) => number {
  const options = { input: 'é', env: { ...process.env, LC_ALL: 'C' } };
  const anyByteMakesWord = Number(spawnSync('wc', ['-w'], options).stdout) === 1;
  return (text) => {
    let words = 0;
    let inWord = false;
    for (const byte of text) {
      if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) inWord = false;
      else if (!inWord && (anyByteMakesWord || (byte > 0x20 && byte < 0x7f))) {
        inWord = true;
        words += 1;
      }
    }
    return words;
  };
}
