import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { executionHosts } from '../../../src/adaptor/gridengine/hosts.ts';

const commands = { hosts: async () => ['g1', 'g2'] };

it('hosts have the other names that their cell gives them', async () => {
  const root = await mkdtemp(join(tmpdir(), 'pstar-cell-'));
  await mkdir(join(root, 'default', 'common'), { recursive: true });
  await writeFile(
    join(root, 'default', 'common', 'host_aliases'),
    '# g1 not\nmaster localhost\ng2 g2-ib  g2.cluster\n',
  );
  const hosts = await executionHosts(commands, { SGE_ROOT: root });
  expect(hosts).toEqual([['g1'], ['g2', 'g2-ib', 'g2.cluster']]);
  expect(await executionHosts(commands, {})).toEqual([['g1'], ['g2']]);
  await rm(root, { recursive: true });
});
