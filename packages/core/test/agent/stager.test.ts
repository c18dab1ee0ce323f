/** The hands of an agent and the desk of a manager over one link: what travels, how often, and what waits. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { StagedUnit } from '../../src/agent/service-work.ts';
import { standInPath } from '../../src/agent/unit-preparation.ts';
import { ATTRIBUTE_ITEMS, valueItem, valueStamp } from '../../src/protocol/transfer-messages.ts';
import { cannotMount, Tmpfs } from '../support/tmpfs.ts';
import { PATIENCE, StagingPair, settled } from './staging-pair.ts';

const SIZE = 1_000_000;

describe('what a call has returned', () => {
  it("is the manager's to keep, and on its node is not brought to others", async () => {
    const pair = new StagingPair();
    const unit = pair.unit(0, { outputs: [{ item: ATTRIBUTE_ITEMS.value, name: 'value' }] });
    pair.calls.set(unit.key, unit);
    const [path, stamp] = [join(pair.home, 'values', '0'), valueStamp('work', 0, 1)];
    pair.locals.set(ATTRIBUTE_ITEMS.value, { path, direction: 'out', stamp });
    pair.locals.set(valueItem(2), { path, direction: 'in', stamp });
    const left = standInPath(pair.node, unit, ATTRIBUTE_ITEMS.value);
    mkdirSync(dirname(left), { recursive: true });
    writeFileSync(left, Buffer.alloc(SIZE, 7));
    pair.connect();
    pair.collect(unit);
    await pair.hears(`collected ${unit.key}`);
    expect(readFileSync(path)).toHaveLength(SIZE);
    expect(existsSync(left)).toBe(false);
    const others = [1, 2].map((number) =>
      pair.unit(number, { inputs: [{ item: valueItem(2), name: 'value-2' }] }),
    );
    for (const each of others) pair.stage(each);
    await pair.hears(...others.map(({ key }) => `staged ${key}`));
    expect(pair.bytes).toBeLessThan(1_000);
    for (const each of others) {
      pair.place(each);
      expect(readFileSync(standInPath(pair.node, each, valueItem(2)))).toHaveLength(SIZE);
    }
  });
});

const input = { inputs: [{ item: 0, name: 'it' }] };

describe('an input that many units want', () => {
  it('travels once for all that want it now, for those that want it later, and over a new link', async () => {
    const pair = new StagingPair();
    const file = join(pair.home, 'shared');
    writeFileSync(file, Buffer.alloc(SIZE, 7));
    await settled(file);
    pair.locals.set(0, { path: file, direction: 'in' });
    pair.connect();
    const units = Array.from({ length: 50 }, (_, i) => pair.unit(i, input));
    for (const unit of units) pair.stage(unit);
    await pair.hears(...units.map(({ key }) => `staged ${key}`));
    expect(pair.bytes).toBeLessThan(1.1 * SIZE);
    // Each has its own.
    const [first, second] = units.slice(0, 2).map((unit) => join(pair.place(unit), 'it'));
    writeFileSync(first as string, 'changed');
    expect(statSync(second as string).size).toBe(SIZE);
    const later = pair.unit(50, input);
    pair.stage(later);
    await pair.hears(`staged ${later.key}`);
    pair.cut();
    const last = pair.unit(51, input);
    pair.stage(last);
    pair.connect();
    await pair.hears(`staged ${last.key}`);
    expect(pair.bytes).toBeLessThan(1.1 * SIZE);
  });

  it('travels again when it has changed', async () => {
    const pair = new StagingPair();
    const file = join(pair.home, 'shared');
    writeFileSync(file, Buffer.alloc(SIZE, 7));
    await settled(file);
    pair.locals.set(0, { path: file, direction: 'in' });
    pair.connect();
    for (const i of [0, 1]) pair.stage(pair.unit(i, input));
    await pair.hears('staged -1', 'staged -2');
    writeFileSync(file, 'new');
    await settled(file);
    const unit = pair.unit(2, input);
    pair.stage(unit);
    await pair.hears('staged -3');
    expect(readFileSync(join(pair.place(unit), 'it'), 'utf8')).toBe('new');
  });

  it('is asked for again when the link was lost with it', async () => {
    const pair = new StagingPair();
    const file = join(pair.home, 'large');
    writeFileSync(file, Buffer.alloc(20 * SIZE, 7));
    pair.locals.set(0, { path: file, direction: 'in' });
    pair.connect();
    const unit = pair.unit(0, input);
    pair.stage(unit);
    await vi.waitFor(() => expect(pair.bytes).toBeGreaterThan(SIZE), PATIENCE);
    pair.cut();
    expect(pair.said).toEqual([]);
    pair.connect();
    await pair.hears('staged -1');
    expect(statSync(join(pair.place(unit), 'it')).size).toBe(20 * SIZE);
  });

  it('comes to the others when the one that it was coming for is canceled', async () => {
    const pair = new StagingPair();
    const file = join(pair.home, 'shared');
    writeFileSync(file, Buffer.alloc(20 * SIZE, 7));
    await settled(file);
    pair.locals.set(0, { path: file, direction: 'in' });
    pair.connect();
    for (const i of [0, 1, 2]) pair.stage(pair.unit(i, input));
    await vi.waitFor(() => expect(pair.bytes).toBeGreaterThan(SIZE), PATIENCE);
    pair.stager.perform({ type: 'unstage', key: -1 });
    await pair.hears('staged -2', 'staged -3');
    expect(pair.said).not.toContain('staged -1');
  });
});

describe('an output', () => {
  const output = { outputs: [{ item: 1, name: 'out' }] };

  it('is at home before the unit is said to be', async () => {
    const pair = new StagingPair();
    pair.locals.set(1, { path: join(pair.home, 'out'), direction: 'out' });
    pair.connect();
    const unit = pair.unit(0, output);
    writeFileSync(join(pair.place(unit), 'out'), Buffer.alloc(SIZE, 7));
    pair.collect(unit);
    await pair.hears('collected -1');
    expect(pair.said).toEqual(['released', 'collected -1']);
    expect(statSync(join(pair.home, 'out')).size).toBe(SIZE);
  });

  it.each([
    ['the link', (pair: StagingPair) => [pair.cut(), pair.connect()]],
    ['the manager', (pair: StagingPair) => pair.reopen()],
  ])('is added to a file once, though the word of it was lost with %s', async (_, lose) => {
    const pair = new StagingPair();
    pair.locals.set(1, { path: join(pair.home, 'out'), direction: 'out', append: true });
    pair.connect();
    const unit = pair.unit(0, { outputs: [{ item: 1, name: 'out', append: true }] });
    writeFileSync(join(pair.place(unit), 'out'), 'line\n');
    pair.collect(unit);
    await vi.waitFor(
      () => {
        if (!existsSync(join(pair.home, 'out'))) throw new Error('not yet');
        lose(pair);
      },
      { ...PATIENCE, interval: 1 },
    );
    await pair.hears('collected -1');
    expect(readFileSync(join(pair.home, 'out'), 'utf8')).toBe('line\n');
    expect(readdirSync(pair.home)).toEqual(['out']);
  });

  it('is not taken for an attempt that is not bound any more', async () => {
    const pair = new StagingPair();
    pair.locals.set(1, { path: join(pair.home, 'out'), direction: 'out' });
    pair.connect();
    const unit = pair.unit(0, output);
    writeFileSync(join(pair.place(unit), 'out'), Buffer.alloc(20 * SIZE, 7));
    pair.collect(unit);
    await vi.waitFor(() => expect(readdirSync(pair.home)).toHaveLength(1), PATIENCE);
    pair.locals.clear();
    await pair.hears('uncollected -1 not bound');
    expect(readdirSync(pair.home)).toEqual([]);
  });

  it('cannot be asked for as an input, nor the other way round', async () => {
    const pair = new StagingPair();
    writeFileSync(join(pair.home, 'secret'), 'secret');
    pair.locals.set(0, { path: join(pair.home, 'secret'), direction: 'out' });
    pair.locals.set(1, { path: join(pair.home, 'out'), direction: 'in' });
    pair.connect();
    pair.stage(pair.unit(0, input));
    await pair.hears('failed -1 item 0 of the unit travels the other way');
    const unit = pair.unit(1, output);
    writeFileSync(join(pair.place(unit), 'out'), 'x');
    pair.collect(unit);
    await pair.hears('uncollected -2 item 1 of the unit travels the other way');
    expect(readdirSync(pair.home)).toEqual(['secret']);
  });
});

describe.skipIf(cannotMount())('a node whose disk is full', () => {
  it('says so of the node, leaves nothing half copied, and takes the same again', async () => {
    const pair = new StagingPair();
    const disk = Tmpfs.mount(pair.node, 'size=4m');
    onTestFinished(() => disk[Symbol.dispose]());
    const tree = join(pair.home, 'tree');
    mkdirSync(tree);
    for (let i = 0; i < 15; i++) writeFileSync(join(tree, `${i}`), Buffer.alloc(100_000, 7));
    await settled(tree);
    await settled(join(tree, '14'));
    pair.locals.set(0, { path: tree, direction: 'in' });
    pair.connect();
    const units = Array.from({ length: 3 }, (_, i) => pair.unit(i, input));
    for (const unit of units) pair.stage(unit);
    await vi.waitFor(() => expect(pair.said).toHaveLength(3), PATIENCE);
    const [problem = ''] = pair.said.filter((words) => words.startsWith('failed'));
    expect(problem).toMatch(/ on .*ENOSPC/);
    const first = units.find(({ key }) => problem.startsWith(`failed ${key} `)) as StagedUnit;
    for (const unit of units.filter((each) => each !== first)) {
      if (!pair.said.includes(`staged ${unit.key}`)) continue;
      pair.stager.perform({ type: 'unstage', key: unit.key });
    }
    await vi.waitFor(() => expect(statfsSync(pair.node).bfree).toBeGreaterThan(500), PATIENCE);
    pair.stage(first);
    await pair.hears(`staged ${first.key}`);
  });
});
