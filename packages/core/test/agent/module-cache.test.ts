import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModuleCache } from '../../src/agent/module-cache.ts';

const CODE = Buffer.from('export const answer = 42;\n');
const HASH = createHash('sha256').update(CODE).digest('hex');
const MAP = Buffer.from('{"version":3}');

let root: string;
let asked: string[];
let cache: ModuleCache;
const source: { channel: number | undefined } = { channel: 1 };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pstar-modules-test-'));
  asked = [];
  source.channel = 1;
  cache = open();
});
afterEach(async () => {
  cache.close();
  await rm(root, { recursive: true, force: true });
});

function open(): ModuleCache {
  return new ModuleCache(root, (message) =>
    asked.push(`${message.channel} ${'module' in message && message.module}`),
  );
}

/** The manager's answer, from some byte on to another. */
function answer(module: string, whole: Buffer, from = 0, to = whole.length): void {
  const data = whole.subarray(from, to);
  cache.receive(source.channel ?? 0, {
    type: 'module',
    module,
    at: from,
    size: whole.length,
    data,
  });
}

function refuse(module: string): void {
  const problem = 'is not known';
  cache.receive(1, { type: 'module', module, problem, at: 0, size: 0, data: Buffer.alloc(0) });
}

/** Once both were asked for: whether it is on disk is seen first. */
async function wanted(): Promise<void> {
  await expect.poll(() => asked.slice(-2)).toEqual([`1 ${HASH}`, `1 ${HASH}.map`]);
}

describe('modules on a node', () => {
  it('are asked for once, with their maps, and kept for the next agent too', async () => {
    const files = [cache.file(source, HASH), cache.file(source, HASH)];
    await wanted();
    answer(HASH, CODE, 0, 10);
    answer(`${HASH}.map`, MAP);
    answer(HASH, CODE, 0, 10);
    answer(HASH, CODE, 10);
    const [file, same] = await Promise.all(files);
    expect(file).toBe(join(root, 'modules', `${HASH}.mjs`));
    expect(same).toBe(file);
    expect(await readFile(file as string)).toEqual(CODE);
    expect(await readFile(`${file}.map`)).toEqual(MAP);
    expect(await readdir(join(root, 'modules'))).toHaveLength(2);
    expect(await open().file(source, HASH)).toBe(file);
    expect(asked).toHaveLength(2);
  });

  it('are asked for again on the next link, from the beginning', async () => {
    const file = cache.file(source, HASH);
    await wanted();
    answer(HASH, CODE, 0, 10);
    source.channel = 5;
    cache.attached(5);
    expect(asked.slice(2)).toEqual([`5 ${HASH}`, `5 ${HASH}.map`]);
    answer(HASH, CODE);
    answer(`${HASH}.map`, MAP);
    expect(await readFile(await file)).toEqual(CODE);
  });

  it('are had of whoever is there, though another who was asked first never answers', async () => {
    const gone = { channel: 7 };
    void cache.file(gone, HASH);
    await expect.poll(() => asked).toHaveLength(2);
    const file = cache.file(source, HASH);
    await wanted();
    answer(HASH, CODE);
    answer(`${HASH}.map`, MAP);
    expect(await readFile(await file)).toEqual(CODE);
    expect(await cache.file(gone, HASH)).toBe(await file);
  });

  it('do without a map, but not without code, which may be there later', async () => {
    let file = cache.file(source, HASH);
    await wanted();
    refuse(`${HASH}.map`);
    refuse(HASH);
    await expect(file).rejects.toThrow(`module ${HASH.slice(0, 12)}: is not known`);
    file = cache.file(source, HASH);
    await expect.poll(() => asked).toHaveLength(4);
    refuse(`${HASH}.map`);
    answer(HASH, CODE);
    expect(await readFile(await file)).toEqual(CODE);
  });

  it('are what their hash says, on the way and on disk', async () => {
    const file = cache.file(source, HASH);
    await wanted();
    answer(`${HASH}.map`, MAP);
    answer(HASH, Buffer.from('export const answer = 43;\n'));
    await expect(file).rejects.toThrow('is another');
    const good = cache.file(source, HASH);
    await expect.poll(() => asked).toHaveLength(4);
    answer(`${HASH}.map`, MAP);
    answer(HASH, CODE);
    await writeFile(await good, 'cut');
    void open().file(source, HASH);
    await expect.poll(() => asked).toHaveLength(6);
  });

  it('are elsewhere where the pilot has no place for them, and removed from there', async () => {
    await rm(root, { recursive: true });
    await writeFile(root, 'no directory');
    const file = cache.file(source, HASH);
    await wanted();
    answer(`${HASH}.map`, MAP);
    answer(HASH, CODE);
    const path = await file;
    expect(path).not.toContain(root);
    expect(await readFile(path)).toEqual(CODE);
    cache.close();
    await expect(readdir(dirname(path))).rejects.toThrow('ENOENT');
  });
});
