/** What can be reached at all on this machine, or by what people use without us: programs that start programs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, type Runner, type Sample } from './harness.ts';
import { gapsOfPairs, PAUSE_MS, STAMPS, type StampPrograms, stampsIn } from './stamps.ts';
import { PROGRAM } from './workloads.ts';

const SOURCES = fileURLToPath(new URL('./ceilings/', import.meta.url));
/** Of what has neither a C library nor a loader. */
const BARE = ['-static', '-nostdlib', '-ffreestanding'];

/** Compiles ceilings/NAME.c; undefined, with a word to `say`, where that cannot be. */
export async function compile(
  name: string,
  directory: string,
  say: (line: string) => void,
  flags: readonly string[] = [],
): Promise<string | undefined> {
  await mkdir(directory, { recursive: true });
  const program = join(directory, name);
  try {
    await run('cc', ['-O2', '-Wall', ...flags, '-o', program, join(SOURCES, `${name}.c`)]);
    return program;
  } catch (error) {
    say(`${name}.c cannot be compiled, and is left out: ${(error as Error).message}`);
    return undefined;
  }
}

/** The programs that say when they began. */
export async function compileStamps(
  directory: string,
  say: (line: string) => void,
): Promise<StampPrograms> {
  const bare = await compile('bare', directory, say, BARE);
  const stamp = await compile('stamp', directory, say);
  return { ...(bare !== undefined && { bare }), ...(stamp !== undefined && { stamp }) };
}

/** Our C program: posix_spawn and wait4, so many in flight. */
export function spawnLoop(program: string, count: number, inFlight: number): Runner {
  return {
    name: `C, ${inFlight} in flight`,
    run: async () => rate(count, Number(await run(program, [`${count}`, `${inFlight}`, PROGRAM]))),
  };
}

/**
 * Our C program that starts another after a rest, and the same once more when it has ended: what the measure
 * of latency does, with its pauses, and with nothing between it and posix_spawn.
 */
export function startAlone(
  program: string,
  stamps: StampPrograms,
  directory: string,
  count: number,
): Runner {
  const inTurn = async (times: number, started: string) => {
    const file = join(directory, 'stamps');
    await rm(file, { force: true });
    const words = [count, PAUSE_MS, times].map(String);
    const output = await run(program, [...words, started, file]);
    return { pauses: output.trim().split('\n').map(Number), stamps: stampsIn(file) };
  };
  return {
    name: 'C, one at a time',
    run: async () => {
      const sample: Record<string, number> = {};
      for (const name of STAMPS) {
        const started = stamps[name];
        if (started === undefined) continue;
        const alone = await inTurn(1, started);
        const after = alone.stamps.map(({ began }, i) => began - (alone.pauses[i] as number));
        sample[`${name}StartedMedian`] = median(after) / 1e6;
        const apart = gapsOfPairs((await inTurn(2, started)).stamps);
        sample[`${name}DependentMedian`] = median(apart) / 1e6;
      }
      return sample;
    },
  };
}

/** xargs, one program a word, two at a time. */
export function xargs(count: number): Runner {
  return {
    name: 'xargs -P2',
    run: async () => {
      const start = performance.now();
      await run('xargs', ['-P2', '-n1', PROGRAM], 'x\n'.repeat(count));
      return rate(count, (performance.now() - start) / 1000);
    },
  };
}

/**
 * GNU parallel, two at a time, with the output of each program kept together, as agents do. A
 * quarter of the others' programs is enough: it takes ten times as long for each. Undefined, with
 * a word to `say`, where it is not installed.
 */
export async function gnuParallel(
  count: number,
  say: (line: string) => void,
): Promise<Runner | undefined> {
  const version = await run('parallel', ['--version']).catch(() => '');
  if (!version.startsWith('GNU parallel')) {
    say(
      'GNU parallel is not installed, and is left out: bench/install-rivals.sh gets it on Debian',
    );
    return undefined;
  }
  const programs = Math.ceil(count / 4);
  return {
    name: 'GNU parallel -j2',
    run: async () => {
      const start = performance.now();
      await run('parallel', ['--will-cite', '-j2', PROGRAM], 'x\n'.repeat(programs));
      return rate(programs, (performance.now() - start) / 1000);
    },
  };
}

function rate(count: number, seconds: number): Sample {
  return { perSecond: count / seconds, micros: (seconds * 1e6) / count };
}

/** Runs a program to its end and returns what it wrote; rejects unless it exits with 0. */
export async function run(file: string, words: readonly string[], input = ''): Promise<string> {
  const child = spawn(file, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.on('error', () => {}).end(input);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`${file} ended with ${exitCode ?? 'a signal'}`);
  return output;
}
