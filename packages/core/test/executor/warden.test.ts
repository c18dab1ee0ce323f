import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ProcessTable } from '../../src/executor/tree.ts';
import { until } from './harness.ts';

/** The processes that were given these words. */
function given(words: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(words);
    } catch {
      return false;
    }
  });
}

/** Whether the warden of these lanes has looked in vain and waits to look again. */
function asleep(lanes: string): boolean {
  const table = ProcessTable.read();
  return given(lanes).some((pid) =>
    table.descendants(Number(pid)).some((child) => nameOf(child.pid) === 'sleep\n'),
  );
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went by itself between being found and being killed.
  }
}

function makeDirectory(): string {
  const directory = `${mkdtempSync(join(tmpdir(), 'warden-test-'))}/`;
  onTestFinished(() => {
    for (const pid of given(directory)) kill(Number(pid));
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** Runs a program that is killed. */
function runKilled(program: URL, ...more: string[]): void {
  const file = fileURLToPath(program);
  const words = ['--conditions=@pstar/source', '--import', 'tsx', file, ...more];
  expect(spawnSync(process.execPath, words).signal).toBe('SIGKILL');
}

/** An agent's lanes, and where its warden leaves a note. */
function noting() {
  const root = makeDirectory();
  const lanes = `${root}lanes/`;
  mkdirSync(lanes);
  const settings = `${root}settings.json`;
  writeFileSync(settings, '');
  const file = `${root}kept/agent-1~killed`;
  const start = (words: readonly string[], options: SpawnOptions) => {
    const child = spawn('sleep', words, { stdio: 'ignore', ...options });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  const die = () =>
    runKilled(new URL('programs/killed-late.ts', import.meta.url), lanes, file, settings);
  const hasGone = () => until(() => given(lanes).length === 0);
  return { lanes, settings, file, start, die, hasGone };
}

it('goes when its agent was killed before it had begun', async () => {
  const directory = makeDirectory();
  runKilled(new URL('programs/killed-early.ts', import.meta.url), directory);
  await until(() => given(directory).length === 0);
});

describe('its note', () => {
  it('is left once it has killed all processes of the units', async () => {
    const { lanes, file, start, die, hasGone } = noting();
    const env = { PATH: process.env['PATH'], PSTAR_PROGRESS: `${lanes}0.progress` };
    const units = [start(['1000'], { env }), start(['1000'], { env })];
    die();
    await hasGone();
    // Node.js may hear of it later than the warden.
    await expect
      .poll(() => units.map(({ signalCode }) => signalCode))
      .toEqual(['SIGKILL', 'SIGKILL']);
    const { size, mode } = statSync(file);
    expect([size, mode & 0o777]).toEqual([0, 0o600]);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  });

  it('is not left while a process is there that is only known by its files', async () => {
    const { lanes, file, start, die, hasGone } = noting();
    const output = openSync(`${lanes}0.out`, 'w');
    const unit = start(['1000'], { stdio: ['ignore', output, 'ignore'], env: {} });
    closeSync(output);
    die();
    await until(() => asleep(lanes));
    expect([existsSync(file), unit.signalCode]).toEqual([false, null]);
    unit.kill('SIGKILL');
    await hasGone();
    expect(existsSync(file)).toBe(true);
  });

  it('is not left where nobody wants to know any more', async () => {
    const { settings, file, die, hasGone } = noting();
    rmSync(settings);
    die();
    await hasGone();
    expect(existsSync(dirname(file))).toBe(false);
  });
});
