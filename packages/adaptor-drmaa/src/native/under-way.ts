/**
 * Notes which C functions are under way, in a file that the program which started this process reads
 * when the process has died or must be killed: only so it can be said in which of them.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { writeSync } from 'node:fs';
import { RECORD_SLOT } from '../helper/protocol.ts';

const NOTHING = Buffer.alloc(RECORD_SLOT);

/** The call that something is done for. */
const calls = new AsyncLocalStorage<number>();

let record: number | undefined;
/** A truth for each slot of the file: whether it is taken. */
const taken: boolean[] = [];

/** Where to note them from now on; before, nothing is noted. */
export function recordTo(descriptor: number): void {
  record = descriptor;
}

/** Does something for a call, under whose id its functions are noted. */
export function forCall<T>(id: number, action: () => T): T {
  return calls.run(id, action);
}

/** Notes that a function is about to be called; the result notes that it has returned. */
export function noteCall(name: string): () => void {
  if (record === undefined) return () => {};
  const file = record;
  const free = taken.indexOf(false);
  const slot = free < 0 ? taken.length : free;
  taken[slot] = true;
  const note = Buffer.alloc(RECORD_SLOT);
  note.write(`${calls.getStore() ?? 0} ${name}`, 'latin1');
  writeSync(file, note, 0, RECORD_SLOT, slot * RECORD_SLOT);
  return () => {
    taken[slot] = false;
    writeSync(file, NOTHING, 0, RECORD_SLOT, slot * RECORD_SLOT);
  };
}
