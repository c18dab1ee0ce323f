import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dialectOf } from '../../src/adaptor/dialects/names.ts';
import { cellEnvironment, DRMAA1, DRMAA2, findLibrary } from '../../src/adaptor/libraries.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pstar-libraries-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function file(path: string, text = ''): Promise<string> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  return join(root, path);
}

describe('the library', () => {
  const find = (environment: Record<string, string> = {}, kind = DRMAA1) =>
    findLibrary(kind, { environment, directories: [join(root, 'usr')] });

  it('is what the variable names', async () => {
    expect(await find({ DRMAA_LIBRARY_PATH: '/x.so' })).toBe('/x.so');
    expect(await find({ DRMAA2_LIBRARY_PATH: '/y.so' }, DRMAA2)).toBe('/y.so');
  });

  it('is the one of SGE_ROOT, or of the distribution', async () => {
    const distribution = await file('usr/libdrmaa.so.1.0');
    expect(await find({ SGE_ROOT: join(root, 'sge') })).toBe(distribution);
    const own = await file('sge/lib/lx-amd64/libdrmaa.so');
    expect(await find({ SGE_ROOT: join(root, 'sge') })).toBe(own);
  });

  it('is not that of the other standard', async () => {
    await file('usr/libdrmaa2.so');
    await expect(find()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      subject: 'drmaa://',
      hint: expect.stringContaining('set DRMAA_LIBRARY_PATH'),
    });
  });
});

describe('the cell', () => {
  it('is as its settings say, and as the URL does before them', async () => {
    await file(
      'c1/common/settings.sh',
      'SGE_CELL=c1; SGE_QMASTER_PORT="6446"\nexport SGE_EXECD_PORT=6447\nSGE_CLUSTER_NAME=x\n',
    );
    expect(await cellEnvironment({ root, cell: 'c1', execdPort: 7 })).toEqual({
      SGE_ROOT: root,
      SGE_CELL: 'c1',
      SGE_QMASTER_PORT: '6446',
      SGE_EXECD_PORT: '7',
    });
    expect(await cellEnvironment({ root })).toEqual({ SGE_ROOT: root });
    expect(await cellEnvironment({})).toEqual({});
  });
});

describe('the dialect', () => {
  it.each([
    ['SGE 8.1.9', '', 'gridengine'],
    ['Univa Grid Engine 8.6', '', 'gridengine'],
    ['', 'SLURM 22.05.8', 'slurm'],
    ['Torque', '', 'pbs'],
    ['PBS Pro', '', 'pbs'],
    ['LSF', '', 'lsf'],
    ['Condor', '', 'condor'],
    ['Somebody else', '', 'plain'],
  ])('of %s %s is %s', (system, implementation, dialect) => {
    expect(dialectOf(system, implementation)).toBe(dialect);
  });
});
