/** Libraries that do not load, and functions that are not there; in a process of their own, as always. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Drmaa, loadDrmaa } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'pstar-library-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('a library that cannot be loaded', () => {
  it('is not there', async () => {
    const path = join(directory, 'libdrmaa.so');
    await expect(loadDrmaa(path)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      problem: `${path}: cannot open shared object file: No such file or directory`,
    });
  });

  it('is not found by the system', async () => {
    await expect(loadDrmaa('libno-such-drmaa.so')).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      hint: expect.stringContaining('LD_LIBRARY_PATH'),
    });
  });

  it('is none', async () => {
    const path = join(directory, 'text.so');
    writeFileSync(path, 'hello, here is no library at all, only some text that is long enough\n');
    await expect(loadDrmaa(path)).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      problem: expect.stringContaining('invalid ELF header'),
      hint: 'take the library that was built for this system',
    });
  });
});

describe('a library that lacks functions', () => {
  let drmaa: Drmaa;
  beforeAll(async () => {
    drmaa = await loadDrmaa('libc.so.6');
  });
  afterAll(() => drmaa.close());

  it('loads, and says which is missing when it is called', async () => {
    const missing = (call: string) =>
      expect.objectContaining({
        code: 'OPERATION_UNSUPPORTED',
        problem: `the library has no function ${call}`,
        subject: 'libc.so.6',
        call,
      });
    expect(() => drmaa.version).toThrow(missing('drmaa_version'));
    expect(() => drmaa.drmSystem).toThrow(missing('drmaa_get_DRM_system'));
    await expect(drmaa.contacts()).rejects.toEqual(missing('drmaa_get_contact'));
    await expect(drmaa.attributeNames()).rejects.toEqual(missing('drmaa_get_attribute_names'));
    await expect(drmaa.init()).rejects.toEqual(missing('drmaa_init'));
  });
});
