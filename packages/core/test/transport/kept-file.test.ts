import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/runtime/log.ts';
import { KeptFile, readKept } from '../../src/transport/kept-file.ts';
import { KeptReports, LeftFiles } from '../../src/transport/kept-reports.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pstar-kept-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const fileIn = (name: string) => join(directory, name);

describe('a kept file', () => {
  it('gives back what was kept, in order, with its typed arrays', async () => {
    const path = fileIn('kept/a');
    const file = new KeptFile(path, silentLog);
    const entries = Array.from({ length: 50 }, (_, i) => ({ i, units: Uint32Array.of(i, 7) }));
    for (const entry of entries) file.keep(entry);
    expect(await file.settled()).toBe(true);
    expect(await readKept(path)).toEqual(entries);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(fileIn('kept'))).mode & 0o777).toBe(0o700);
    await file.close();
  });

  it('is no file before anything is kept, nor once it is forgotten', async () => {
    const path = fileIn('kept');
    const file = new KeptFile(path, silentLog);
    expect(await readKept(path)).toEqual([]);
    file.keep({ first: 1 });
    file.forget();
    await file.settled();
    expect(await readdir(directory)).toEqual([]);
    file.keep({ second: 2 });
    await file.settled();
    expect(await readKept(path)).toEqual([{ second: 2 }]);
    file.forget();
    file.keep({ third: 3 });
    await file.settled();
    expect(await readKept(path)).toEqual([{ third: 3 }]);
    await file.close();
  });

  it('is read up to wherever it was torn, and not beyond what is damaged', async () => {
    const path = fileIn('torn');
    const file = new KeptFile(path, silentLog);
    for (let i = 0; i < 3; i++) file.keep({ i });
    await file.settled();
    await file.close();
    const whole = await readFile(path);
    const size = whole.length / 3;
    for (let cut = 0; cut < whole.length; cut++) {
      await writeFile(path, whole);
      await truncate(path, cut);
      const left = Array.from({ length: Math.floor(cut / size) }, (_, i) => ({ i }));
      expect(await readKept(path)).toEqual(left);
    }
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
      await writeFile(path, damaged);
      const left = Array.from({ length: Math.floor(at / size) }, (_, i) => ({ i }));
      expect(await readKept(path)).toEqual(left);
    }
  });

  it('keeps in memory what cannot be written, and writes it when that is possible', async () => {
    const path = fileIn('no/kept/a');
    const file = new KeptFile(path, silentLog);
    file.keep({ i: 1 });
    expect(await file.settled()).toBe(false);
    file.keep({ i: 2 });
    expect(await file.settled()).toBe(false);
    await mkdir(fileIn('no'));
    expect(await file.settled()).toBe(true);
    expect(await readKept(path)).toEqual([{ i: 1 }, { i: 2 }]);
    await file.close();
  });
});

describe('what takes the place of what was kept before', () => {
  it('does so in one step: while it cannot be written, the other stays', async () => {
    const path = fileIn('a');
    const file = new KeptFile(path, silentLog);
    file.keep({ i: 1 });
    await file.settled();
    await mkdir(`${path}~`);
    file.forget();
    file.keep({ i: 2 });
    expect(await file.settled()).toBe(false);
    expect(await readKept(path)).toEqual([{ i: 1 }]);
    await rm(`${path}~`, { recursive: true });
    expect(await file.settled()).toBe(true);
    expect(await readKept(path)).toEqual([{ i: 2 }]);
    file.keep({ i: 3 });
    await file.settled();
    expect(await readKept(path)).toEqual([{ i: 2 }, { i: 3 }]);
    file.forget();
    await file.settled();
    expect(await readdir(directory)).toEqual([]);
    await file.close();
  });
});

describe('the reports of an agent', () => {
  const report = (seq: number) => ({ seq });

  it('are kept for each service apart, and gone with the last that was taken in', async () => {
    const kept = fileIn('pilot/kept');
    await mkdir(fileIn('pilot'));
    const agent = new KeptReports(kept, 'agent-1', silentLog);
    agent.keep('one', report(1));
    agent.keep('two', report(2));
    agent.keep('one', report(3));
    agent.bye({ reason: 'lease', problem: 'nobody there' });
    await agent.settled();
    await agent.close();

    const left = new LeftFiles(kept);
    expect(await left.reports('agent-1', 'one')).toEqual([report(1), report(3)]);
    expect(await left.reports('agent-1', 'two')).toEqual([report(2)]);
    expect(await left.reports('agent-1', 'three')).toEqual([]);
    expect(await left.reports('agent-2', 'one')).toEqual([]);
    expect(await left.bye('agent-1')).toEqual({ reason: 'lease', problem: 'nobody there' });

    await left.remove('agent-1', 'one');
    await left.remove('agent-1');
    expect(await left.reports('agent-1', 'two')).toEqual([report(2)]);
    await left.remove('agent-1', 'two');
    expect(await readdir(directory)).toEqual([]);
  });

  it('are not looked for outside of their directory, whatever an agent is called', async () => {
    await mkdir(fileIn('kept'));
    const agent = new KeptReports(directory, 'agent-1', silentLog);
    agent.keep('one', report(1));
    await agent.settled();
    await agent.close();
    const left = new LeftFiles(fileIn('kept'));
    const elsewhere = '../agent-1';
    expect(await left.reports(elsewhere, 'one')).toEqual([]);
    expect(await left.bye(`${elsewhere}.one`)).toBeUndefined();
    await left.remove(elsewhere, 'one');
    expect(await readdir(directory)).toContain('agent-1.one');
  });

  it('are forgotten service by service', async () => {
    const agent = new KeptReports(directory, 'agent-1', silentLog);
    agent.keep('one', report(1));
    agent.keep('two', report(2));
    agent.forget('one');
    await agent.settled();
    expect(await readdir(directory)).toEqual(['agent-1.two']);
    await agent.close();
  });
});
