/** The end of what an agent has written. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_BYTES = 4096;

/** The end of a text file; empty when there is none, or nothing that can be read as one. */
export function tailOf(path: string): string {
  let file: number | undefined;
  try {
    // Or it would wait for whoever writes to a named pipe.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    return stats.isFile() ? endOf(file, stats.size) : '';
  } catch {
    // To explain is worth a try, and no more.
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function endOf(file: number, size: number): string {
  const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const count = readSync(file, bytes, 0, bytes.length, size - bytes.length);
  const text = bytes.toString('utf8', 0, count);
  // Its first line is a whole one, unless there is but one.
  return size > TAIL_BYTES ? text.slice(text.indexOf('\n') + 1) : text;
}
