/** What Slurm has printed, by the version that did. */
import { readFileSync } from 'node:fs';

/** The text of a recorded output. */
export function recorded(name: string, version = '22.05.8'): string {
  return readFileSync(new URL(`../fixtures/slurm-${version}/${name}`, import.meta.url), 'utf8');
}
