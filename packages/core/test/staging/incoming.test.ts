/** File systems that say late what they could not write. */
import fs, { readdirSync, readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Arrival } from '../../src/staging/incoming.ts';
import { Pack, sha256 } from '../../src/staging/pack.ts';
import { Receiver } from '../../src/staging/receiver.ts';
import { scratch } from './pair.ts';

/** Closes files, and says of this one that it had no room for it. */
function closesInVain(path: string): void {
  const { closeSync } = fs;
  const spy = vi.spyOn(fs, 'closeSync').mockImplementation((fd) => {
    const isIt = readlinkSync(`/proc/self/fd/${fd}`) === path;
    closeSync(fd);
    const words = 'ENOSPC: no space left on device, close';
    if (isIt) throw Object.assign(new Error(words), { code: 'ENOSPC' });
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
}

it('says of a large file that it has failed where that turns out when it is closed', async () => {
  const to = scratch();
  const arrivals: Arrival[] = [];
  const receiver = new Receiver(() => {});
  receiver.expect(1, `${to}/it`, (arrival) => arrivals.push(arrival));
  const data = Buffer.alloc(256 * 1024, 7);
  const pack = new Pack();
  pack.large(1, '', 0o644, data.length);
  closesInVain(`${to}/it`);
  receiver.receive(pack.take());
  receiver.receive({ type: 'chunk', transfer: 1, at: 0, data, sha256: sha256(data) });
  await expect
    .poll(() => arrivals)
    .toMatchObject([{ type: 'failed', problem: { isOfMachine: true }, bytes: 256 * 1024 }]);
  expect(readdirSync(to)).toEqual([]);
});
