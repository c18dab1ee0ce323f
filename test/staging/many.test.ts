/** Very many files, very large ones, and one that many want: all arrive, and memory stays what it was. */
import { readFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStagingWorld } from './fixture.ts';

const MEGABYTE = 1024 * 1024;
const FILES = 10_000;
/** What a process may grow by while a gibibyte passes through it; it is some 60 MiB. */
const GROWTH = 300 * MEGABYTE;

const script = (line: string) => ({ executable: '/bin/sh', arguments: ['-c', line] });

async function smallFiles(home: string, count: number): Promise<string> {
  const many = join(home, 'many');
  await mkdir(many);
  for (let i = 0; i < count; i++) await writeFile(join(many, `${i}`), `${i}`.padEnd(1024));
  return many;
}

/** Different everywhere, and nowhere zero. */
async function largeFile(path: string, megabytes: number): Promise<void> {
  const file = await open(path, 'w');
  const part = Buffer.alloc(MEGABYTE, 'not a hole');
  for (let i = 0; i < megabytes; i++) {
    part.writeUInt32LE(i + 1, 4096);
    await file.write(part);
  }
  await file.close();
}

/** Of a process, the most it has had since it began. */
function peakOf(pid: number): number {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

describe('staging', { timeout: 240_000 }, () => {
  it('takes ten thousand small files there and back, as one directory', async () => {
    const { home, work } = await openStagingWorld();
    const many = await smallFiles(home, FILES);
    const unit = await work.submit({
      ...script('mv many again'),
      fileTransfer: [`${many} > many`, `${home}/back < again`],
    });
    await unit.finished();
    const names = await readdir(join(home, 'back'));
    expect(names).toHaveLength(FILES);
    for (const i of [0, 17, FILES - 1]) {
      expect(await readFile(join(home, 'back', `${i}`), 'utf8')).toBe(`${i}`.padEnd(1024));
    }
  });

  it('takes ten thousand directives of one unit', async () => {
    const { home, work } = await openStagingWorld();
    const many = await smallFiles(home, FILES / 2);
    await mkdir(join(home, 'back'));
    const both = Array.from({ length: FILES / 2 }, (_, i) => [
      `${many}/${i} > in${i}`,
      `${home}/back/${i} < in${i}`,
    ]).flat();
    const unit = await work.submit({ ...script('true'), fileTransfer: both });
    await unit.finished();
    expect(await readdir(join(home, 'back'))).toHaveLength(FILES / 2);
  });

  it('takes a file for each of many units, and one from each', async () => {
    const { home, work } = await openStagingWorld();
    const count = 1_000;
    const many = await smallFiles(home, count);
    await mkdir(join(home, 'back'));
    const units = await work.submit(
      Array.from({ length: count }, (_, i) => ({
        ...script('true'),
        fileTransfer: [`${many}/${i} > in`, `${home}/back/${i} < in`],
      })),
    );
    await work.wait(units);
    expect(units.every(({ state }) => state === 'Done')).toBe(true);
    for (const i of [0, 17, count - 1]) {
      expect(await readFile(join(home, 'back', `${i}`), 'utf8')).toBe(`${i}`.padEnd(1024));
    }
  });

  it('brings a gibibyte there and back, and neither side grows with it', async () => {
    const { home, work, pilot } = await openStagingWorld({ totalCpuCount: 1 });
    const big = join(home, 'big');
    await largeFile(big, 1024);
    const agent = Number.parseInt(`${pilot.nativeId}`, 10);
    const before = [peakOf(process.pid), peakOf(agent)];
    const unit = await work.submit({
      ...script('mv here there'),
      fileTransfer: [`${big} > here`, `${home}/back < there`],
      cleanup: true,
    });
    await unit.finished();
    const after = [peakOf(process.pid), peakOf(agent)];
    after.forEach((peak, i) => {
      expect(peak - (before[i] ?? 0)).toBeLessThan(GROWTH);
    });
    expect((await stat(join(home, 'back'))).size).toBe(1024 * MEGABYTE);
    const back = await open(join(home, 'back'));
    const { buffer } = await back.read(Buffer.alloc(8), 0, 8, 1023 * MEGABYTE + 4096);
    await back.close();
    expect(buffer.readUInt32LE(0)).toBe(1024);
  });
});
