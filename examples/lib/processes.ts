/** The processes on this machine that run a service's units, as Linux's /proc knows them. */
import { readdirSync, readFileSync } from 'node:fs';
import type { WorkUnitService } from '@pstar/core';

/** Their process ids. Whatever a unit starts inherits its variables. */
export function processesOf({ id }: WorkUnitService): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => environmentOf(pid).includes(`\0PSTAR_UNIT_ID=${id}.`)).map(Number);
}

function environmentOf(pid: string): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return '';
  }
}
