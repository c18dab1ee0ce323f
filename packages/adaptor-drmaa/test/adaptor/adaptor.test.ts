import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PilotJobService } from '@pstar/core';
import { defineAdaptor } from '@pstar/core/adaptor';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { drmaa2Adaptor, drmaaAdaptor } from '../../src/adaptor/adaptor.ts';

let store: string;
beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), 'pstar-drmaa-'));
});
afterEach(() => rm(store, { recursive: true }));

it.each(['drmaa', 'drmaa2'])('%s+ssh:// is refused before a host is asked', async (scheme) => {
  let asked = 0;
  const ssh = defineAdaptor({
    scheme: 'ssh',
    attributes: [],
    connect: () => Promise.reject(new Error('not to be used')),
    openGateway: async () => {
      asked += 1;
      throw new Error('there is no such host');
    },
  });
  const adaptors = [drmaaAdaptor, drmaa2Adaptor, ssh];
  await using pilots = await PilotJobService.open({ store, adaptors, signals: false });
  const created = pilots.create(`${scheme}+ssh://nohost.invalid/`, { totalCpuCount: 1 });
  await expect(created).rejects.toMatchObject({
    code: 'URL_INVALID',
    message: expect.stringContaining('loads its library into a process of this machine'),
  });
  expect(asked).toBe(0);
});
