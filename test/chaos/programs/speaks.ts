/** A function that says a line whenever a file is there. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export async function speaks(gates: readonly string[]): Promise<void> {
  for (const gate of gates) {
    while (!existsSync(gate)) await sleep(20);
    process.stdout.write(`${basename(gate)}\n`);
  }
}
