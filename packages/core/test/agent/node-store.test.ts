/** What is kept on a node for units to come: for how long, and what gives way when its disk is full. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NodeStore } from '../../src/agent/node-store.ts';
import type { StagedUnit } from '../../src/agent/service-work.ts';
import { scratch } from '../staging/pair.ts';
import { fileRequestsOf } from '../support/file-requests.ts';
import { cannotMount, Tmpfs } from '../support/tmpfs.ts';
import { PATIENCE, StagingPair, settled } from './staging-pair.ts';

const MB = 1_000_000;

/** Units over files of this pair's home, an item each. */
class Inputs extends StagingPair {
  #next = 0;

  async file(item: number, bytes: number): Promise<void> {
    const path = join(this.home, `${item}`);
    writeFileSync(path, Buffer.alloc(bytes, item));
    this.locals.set(item, { path, direction: 'in' });
    await settled(path);
  }

  /** A unit that wants one. */
  wants(item: number): StagedUnit {
    const unit = this.unit(this.#next++, { inputs: [{ item, name: 'it' }] });
    this.stage(unit);
    return unit;
  }

  /** Has one unit after the other begin and end. */
  async passes(...items: number[]): Promise<void> {
    for (const item of items) {
      const unit = this.wants(item);
      await vi.waitFor(() => expect(this.said.at(-1)).toContain(` ${unit.key}`), PATIENCE);
      expect(this.said.at(-1)).toBe(`staged ${unit.key}`);
      this.over(unit);
    }
  }

  over({ key }: StagedUnit): void {
    this.stager.perform({ type: 'unstage', key });
  }

  /** What the agent has of them that is in no unit's directory. */
  get left(): string[] {
    const [store = ''] = readdirSync(this.node).filter((name) => name.startsWith('staging-'));
    return readdirSync(join(this.node, store));
  }
}

function onDisk(megabytes: number): Inputs {
  const pair = new Inputs();
  const disk = Tmpfs.mount(pair.node, `size=${megabytes}m`);
  onTestFinished(() => disk[Symbol.dispose]());
  pair.connect();
  return pair;
}

describe('an input that one unit alone has', () => {
  it('is not kept when that unit is tried again', async () => {
    const pair = new Inputs();
    await pair.file(1, 3 * MB);
    pair.connect();
    const unit = pair.wants(1);
    await pair.hears('staged -1');
    pair.over(unit);
    pair.stage(unit);
    await vi.waitFor(() => expect(pair.said).toEqual(['staged -1', 'staged -1']), PATIENCE);
    pair.place(unit);
    await expect.poll(() => pair.left).toEqual([]);
  });

  it('is not kept when another was to have it, and was canceled before', async () => {
    const pair = new Inputs();
    await pair.file(1, 20 * MB);
    pair.connect();
    const canceled = pair.wants(1);
    await vi.waitFor(() => expect(pair.bytes).toBeGreaterThan(MB), PATIENCE);
    pair.over(canceled);
    const unit = pair.wants(1);
    await pair.hears('staged -2');
    pair.place(unit);
    await expect.poll(() => pair.left).toEqual([]);
  });
});

describe.skipIf(cannotMount())('what is kept on a disk that is full', () => {
  it('gives way to what comes, and the latest that was used is the last to go', async () => {
    const pair = onDisk(8);
    const items = [1, 2, 3, 4, 5];
    for (const item of items) await pair.file(item, 2.5 * MB);
    await pair.passes(1, 1);
    for (const item of items.slice(1)) await pair.passes(item, item, 1);
    // The first once for a unit, and once for all.
    expect(pair.bytes).toBeLessThan(2 * items.length * 2.5 * MB + MB);
  });

  it('gives way to a directory, of which nobody knows how large it will be', async () => {
    const pair = onDisk(8);
    for (const item of [1, 2, 3]) await pair.file(item, MB);
    const tree = join(pair.home, 'tree');
    mkdirSync(tree);
    for (let i = 0; i < 60; i++) writeFileSync(join(tree, `${i}`), Buffer.alloc(MB / 10, 7));
    pair.locals.set(4, { path: tree, direction: 'in' });
    await pair.passes(1, 1, 2, 2, 3, 3);
    const unit = pair.wants(4);
    await pair.hears(`staged ${unit.key}`);
    expect(readdirSync(join(pair.place(unit), 'it'))).toHaveLength(60);
    expect(pair.said.join()).not.toContain('failed');
  });

  it('is had by a unit itself where there is no room for another one', async () => {
    const pair = onDisk(4);
    await pair.file(1, 3 * MB);
    await pair.passes(1, 1, 1, 1);
  });

  it('gives way also where the link is lost meanwhile', async () => {
    const pair = onDisk(4);
    await pair.file(1, 1.2 * MB);
    await pair.file(2, 3 * MB);
    await pair.passes(1, 1);
    pair.fromAgent = (message) => {
      if (message.type !== 'stamps' || message.lost.length === 0) return;
      pair.fromAgent = () => {};
      pair.cut();
    };
    const unit = pair.wants(2);
    await vi.waitFor(() => expect(pair.left).toEqual([]), PATIENCE);
    pair.connect();
    await pair.hears(`staged ${unit.key}`);
  });

  it('gives way before all room is taken, as units write something, too', async () => {
    const pair = onDisk(8);
    await pair.file(1, 2 * MB);
    await pair.file(2, MB);
    await pair.passes(1, 1);
    await expect.poll(() => pair.left).toHaveLength(1);
    const unit = pair.wants(2);
    await pair.hears(`staged ${unit.key}`);
    writeFileSync(join(pair.node, 'ballast'), Buffer.alloc(5.1 * MB));
    pair.place(unit);
    await expect.poll(() => pair.left).toEqual([]);
  });
});

describe('the staging directory of an agent', () => {
  /** A store that keeps one file. */
  function storeOf(bytes: number): { store: NodeStore; lost: string[] } {
    const lost: string[] = [];
    const store = new NodeStore(scratch(), (stamp) => lost.push(stamp));
    store.make();
    const path = store.path('kept');
    writeFileSync(path, Buffer.alloc(bytes, 7));
    store.keep('stamp', { path, isDirectory: false, bytes, modes: [] });
    return { store, lost };
  }

  it('keeps what is just being copied, though room is wanted', async () => {
    const { store, lost } = storeOf(20 * MB);
    const copy = store.copyOf('stamp');
    expect(await store.makeRoom(1)).toBe(false);
    expect(lost).toEqual([]);
    expect(statSync((await copy)?.path ?? '').size).toBe(20 * MB);
    expect(await store.makeRoom(1)).toBe(true);
    expect(lost).toEqual(['stamp']);
    expect(store.copyOf('stamp')).toBeUndefined();
  });

  it('copies a directory without a question of its own for each file of it, and large ones too', async () => {
    const { store } = storeOf(10);
    const path = store.path('tree');
    mkdirSync(join(path, 'in'), { recursive: true });
    for (let i = 0; i < 300; i++) writeFileSync(join(path, 'in', `${i}`), `${i}`);
    writeFileSync(join(path, 'large'), Buffer.alloc(MB, 7));
    store.keep('tree', { path, isDirectory: true, bytes: 2 * MB, modes: [] });
    const copies: string[] = [];
    const { count } = await fileRequestsOf(async () => {
      const both = await Promise.all([store.copyOf('tree'), store.copyOf('tree')]);
      for (const copy of both) copies.push(copy?.path ?? '');
    });
    expect(count).toBeLessThan(20);
    expect(new Set([path, ...copies]).size).toBe(3);
    for (const copy of copies) {
      expect(readdirSync(join(copy, 'in'))).toHaveLength(300);
      expect(readFileSync(join(copy, 'in/299'), 'utf8')).toBe('299');
      expect(statSync(join(copy, 'large')).size).toBe(MB);
    }
    writeFileSync(join(copies[0] ?? '', 'in/1'), 'changed');
    expect(readFileSync(join(path, 'in/1'), 'utf8')).toBe('1');
    expect(readFileSync(join(copies[1] ?? '', 'in/1'), 'utf8')).toBe('1');
  });

  it('has made room when what units have left is gone', async () => {
    const { store } = storeOf(10);
    const path = store.path('left');
    writeFileSync(path, 'x');
    store.remove(path);
    expect(await store.makeRoom(0)).toBe(true);
    expect(() => readFileSync(path)).toThrow('ENOENT');
    expect(await store.makeRoom(0)).toBe(false);
    expect(store.stamps).toEqual(['stamp']);
  });

  it('keeps things though nobody can say how full the disk is', () => {
    const { store } = storeOf(10);
    rmSync(store.path(''), { recursive: true });
    expect(() => store.spare()).not.toThrow();
    expect(store.stamps).toEqual(['stamp']);
  });
});
