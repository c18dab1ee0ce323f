/** Output that somebody watches while the link of its agent is lost, and comes again. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkUnit } from '@pstar/core';
import { expect, it, vi } from 'vitest';
import { openWorld, reached } from '../integration/fixture.ts';
import { CutProxy } from './proxy.ts';

const PATIENCE = { timeout: 20_000, interval: 10 };
const module = new URL('programs/speaks.ts', import.meta.url);
const SPEAKS = `
for gate; do
  while [ ! -e "$gate" ]; do sleep 0.02; done
  echo "\${gate##*/}"
done
touch said`;

/** Says a line for each of the files once it is there. */
const speaks = (...gates: string[]) => ({
  executable: '/bin/sh',
  arguments: ['-c', SPEAKS, 'sh', ...gates],
});

it('is brought on from where it was by the next link, with nothing twice and nothing left out', async () => {
  const { store, pilots, work } = await openWorld();
  await using proxy = await CutProxy.open(store);
  const agent = { lease: 60, heartbeat: 0.2, node: proxy.node };
  const pilot = await pilots.create('local://', { totalCpuCount: 5, agent });
  await reached(pilot, 'Running');
  const [one, two, three] = ['one', 'two', 'three'].map((name) => join(store, name)) as [
    string,
    string,
    string,
  ];
  const [lives, file, call, late, ends] = (await work.submit([
    speaks(one, two, three),
    { ...speaks(one, two, three), output: join(store, 'out') },
    { module, export: 'speaks', args: [[one, two, three]] },
    speaks(one, two, three),
    { ...speaks(one, two), workingDirectory: store },
  ])) as [WorkUnit, WorkUnit, WorkUnit, WorkUnit, WorkUnit];
  const seen = new Map<WorkUnit, string>();
  const watch = (unit: WorkUnit): void => {
    const add = (text: string) => void seen.set(unit, `${seen.get(unit) ?? ''}${text}`);
    unit.stdout$.subscribe({
      next: (bytes) => add(Buffer.from(bytes).toString()),
      error: (error: Error) => add(`<${error.message}>`),
      complete: () => add('<end>'),
    });
  };
  const haveSeen = async (text: string, ...units: WorkUnit[]): Promise<void> => {
    for (const unit of units) {
      await vi.waitFor(() => expect(seen.get(unit), unit.id).toBe(text), PATIENCE);
    }
  };

  for (const unit of [lives, file, call, ends]) watch(unit);
  writeFileSync(one, '');
  await haveSeen('one\n', lives, file, call, ends);
  proxy.mode = 'cut';
  await reached(pilot, 'Unknown');
  watch(late);
  writeFileSync(two, '');
  // It is over before anybody can be told.
  await expect.poll(() => existsSync(join(store, 'said')), PATIENCE).toBe(true);
  proxy.mode = 'through';
  await haveSeen('one\ntwo\n<end>', ends);
  await haveSeen('one\ntwo\n', lives, file, call, late);
  writeFileSync(three, '');
  await haveSeen('one\ntwo\nthree\n<end>', lives, file, call, late);
}, 60_000);
