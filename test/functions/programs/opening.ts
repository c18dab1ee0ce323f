/** Calls that open services; and a program that comes to its own late, and would end by an error of theirs. */
import { setTimeout as after } from 'node:timers/promises';
import { PilotJobService } from '@pstar/core';

let isLate = false;

async function main(): Promise<void> {
  await after(1);
  isLate = true;
  await PilotJobService.open();
}

main().catch(() => process.exit(1));

export async function opens(): Promise<void> {
  await using _ = await PilotJobService.open();
}

export async function opensLater(): Promise<void> {
  await after(1);
  await opens();
}

export async function waitsForMain(): Promise<number> {
  while (!isLate) await after(1);
  await after(1);
  return 1;
}
