/** Answers of slurmrestd: those of 22.05.8 as recorded, those of 24.05 as specified. */
import { readFileSync } from 'node:fs';

/** The releases that there are answers of. */
export type Release = 'slurm-22.05.8' | 'slurm-24.05-as-specified';

/** What slurmrestd said in some case. */
export interface RecordedCase {
  readonly case: string;
  readonly status: number;
  /** Parsed JSON, or the text. */
  readonly body: unknown;
}

/** The file `rest-<name>.json` of a release. */
export function recorded(release: Release, name: string): unknown {
  const path = new URL(`fixtures/${release}/rest-${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** A refusal by its name. */
export function recordedCase(release: Release, name: string): RecordedCase {
  const cases = recorded(release, 'refusals') as readonly RecordedCase[];
  const found = cases.find((each) => each.case === name);
  if (found === undefined) throw new Error(`no such case was recorded: ${name}`);
  return found;
}
