/**
 * The same as disk-failure, on a disk that really is full: a tmpfs. Where mount is not permitted it
 * is left out, but not in CI: there it fails.
 */

import { readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/runtime/clock.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { cannotMount, Tmpfs } from '../support/tmpfs.ts';
import { contents, noise, open, temporaryDirectory } from './support.ts';

const MiB = 1024 * 1024;

describe.skipIf(cannotMount())('a disk that is full', () => {
  let mounted: string;
  let disk: Tmpfs;
  let directory: string;
  beforeEach(() => {
    mounted = temporaryDirectory();
    disk = Tmpfs.mount(mounted, 'size=16m,mode=777');
    directory = join(mounted, 'journal');
  });
  afterEach(() => disk[Symbol.dispose]());

  const ballast = () => join(mounted, 'ballast');

  function fill(): void {
    const { bavail, bsize } = statfsSync(mounted);
    writeFileSync(ballast(), Buffer.alloc(bavail * bsize));
  }

  const sizes = () => readdirSync(directory).map((name) => statSync(join(directory, name)).size);

  it('takes no new work, but all that running work brings within the room ahead', async () => {
    const { journal } = await open(directory);
    await journal.reserve(2 * MiB);
    fill();
    const before = sizes();
    await expect(journal.reserve(4 * MiB)).rejects.toMatchObject({
      code: 'STORE_FULL',
      problem: expect.stringMatching(/^no room for \d(\.\d)? MiB: 0 B are free$/),
    });
    expect(sizes()).toEqual(before);

    const record = noise(20_000);
    for (let written = 0; written < 3 * MiB; written += 20_100) {
      journal.append([record]);
      await journal.commit();
    }
    await journal.close();
    expect((await contents(directory)).records).toHaveLength(Math.ceil((3 * MiB) / 20_100));
  });

  it('holds commits back until there is room, and loses nothing', async () => {
    let waits = 0;
    const clock: Clock = {
      ...systemClock,
      after: (_, call) => {
        if (++waits === 3) rmSync(ballast());
        setImmediate(call);
        return { cancel: () => {} };
      },
    };
    const { journal } = await open(directory, { clock });
    fill();
    const record = noise(500_000);
    for (let i = 0; i < 20; i++) {
      journal.append([i, record]);
      await journal.commit();
    }
    expect(waits).toBe(3);
    await journal.close();
    const { records } = await contents(directory);
    expect(records.filter((one) => typeof one === 'number')).toEqual([...Array(20).keys()]);
  });

  it('refuses a snapshot, which costs nothing, until there is room for it', async () => {
    const { journal } = await open(directory);
    journal.append(['work']);
    fill();
    await expect(journal.snapshot([{ state: 1 }])).rejects.toMatchObject({ code: 'STORE_FULL' });
    journal.append(['more work']);
    await journal.commit();
    rmSync(ballast());
    await journal.snapshot([{ state: 2 }]);
    await journal.close();
    expect(await contents(directory)).toMatchObject({ snapshot: [{ state: 2 }], records: [] });
  });

  it('cannot hold a new journal, and says so', async () => {
    fill();
    await expect(open(directory)).rejects.toMatchObject({
      code: expect.stringContaining('STORE_'),
    });
    rmSync(ballast());
    const { journal } = await open(directory);
    await journal.close();
  });

  it('lets a journal be opened, read, and closed again', async () => {
    const { journal } = await open(directory);
    journal.append(['work']);
    await journal.snapshot(['state']);
    journal.append(['more']);
    await journal.close();
    fill();
    expect(await contents(directory)).toMatchObject({ snapshot: ['state'], records: ['more'] });
  });
});
