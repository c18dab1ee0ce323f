/** Has another program create a pilot and give it work, and kills it then. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './check.ts';
import { type ServiceIds, storeOf } from './services.ts';
import type { Trial } from './trial.ts';
import { inTime } from './waiting.ts';

const UNITS = 4;

/** What the program is told, as JSON. */
export interface ProgramSettings {
  readonly store: string;
  readonly rm: string;
  /** Exports the adaptor; without it the adaptor is found by its scheme. */
  readonly module?: string;
  readonly description: object;
  readonly listen?: object;
  /** A line of shell, and how many units run it. */
  readonly line: string;
  readonly units: number;
}

/** What the program says once its first unit runs. */
export interface ProgramWords extends ServiceIds {
  readonly nativeId: string;
}

/** What is left when it was killed. */
export interface LeftBehind {
  readonly ids: ServiceIds;
  readonly nativeId: string;
  readonly units: number;
  /** Units end once this file is there. */
  readonly gate: string;
  /** Each unit has written its id there when it started. */
  readonly ledger: string;
}

/** Settles when the program is dead. */
export async function leaveBehind(trial: Trial): Promise<LeftBehind> {
  const { program, description = {}, listen } = trial.options;
  const gate = join(trial.directory, 'gate');
  const ledger = join(trial.directory, 'ledger');
  const settings: ProgramSettings = {
    store: storeOf(trial),
    rm: trial.rm,
    description,
    line: `echo $PSTAR_UNIT_ID >>'${ledger}'; until [ -e '${gate}' ]; do sleep 0.05; done`,
    units: UNITS,
    ...(program?.module !== undefined && { module: program.module }),
    ...(listen !== undefined && { listen }),
  };
  const words = await runAndKill(trial, program?.execArgv ?? ownExecArgv(), settings);
  const { nativeId, ...ids } = words;
  return { ids, nativeId, units: UNITS, gate, ledger };
}

async function runAndKill(
  trial: Trial,
  execArgv: readonly string[],
  settings: ProgramSettings,
): Promise<ProgramWords> {
  const file = fileURLToPath(new URL(`./program${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, [...execArgv, file, JSON.stringify(settings)]);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk) => {
      output[stream] += chunk;
    });
  }
  trial.atEnd(async () => child.kill('SIGKILL'));
  const closed = once(child, 'close');
  const spoken = new Promise<void>((resolve) => {
    child.stdout.on('data', () => output.stdout.endsWith('\n') && resolve());
  });
  await inTime(Promise.race([spoken, closed]), 'the program to be killed', trial.patienceMs);
  must(output.stdout.endsWith('\n'), `the program has failed: ${output.stderr}`);
  child.kill('SIGKILL');
  await closed;
  return JSON.parse(output.stdout);
}

/** The kit's sources run as they are, its published files need nothing. */
function ownExecArgv(): string[] {
  return import.meta.url.endsWith('.ts') ? ['--conditions=@pstar/source', '--import', 'tsx'] : [];
}
