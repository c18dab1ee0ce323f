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
import { newService, type StagedUnit } from '../../src/agent/service-work.ts';
import { Stager } from '../../src/agent/stager.ts';
import { standInPath } from '../../src/agent/unit-preparation.ts';
import {
  type AgentTransfer,
  ATTRIBUTE_ITEMS,
  type ManagerTransfer,
  type OnChannel,
  valueItem,
  valueStamp,
} from '../../src/protocol/transfer-messages.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { StagingDesk } from '../../src/service/staging-desk.ts';
import type { Link } from '../../src/transport/link.ts';
import { memoryLinks } from '../../src/transport/memory-link.ts';
import { scratch } from '../staging/pair.ts';
import { cannotMount, Tmpfs } from '../support/tmpfs.ts';

const PATIENCE = { timeout: 20_000, interval: 5 };

const settled = (path: string) =>
  expect.poll(() => Date.now() - statSync(path).ctimeMs).toBeGreaterThan(25);

/** An agent and a manager, whose files are described by a table. */
class StagingPair {
  readonly home = scratch();
  readonly node = scratch();
  readonly service = newService('work');
  readonly said: string[] = [];
  readonly fromManager: ManagerTransfer[] = [];
  readonly locals = new Map<
    number,
    { path: string; direction: 'in' | 'out'; append?: boolean; stamp?: string }
  >();
  readonly desk = new StagingDesk({
    service: 'work',
    find: (_, unit, __, item) => {
      const found = this.locals.get(unit * 100 + item) ?? this.locals.get(item);
      if (found === undefined) return { problem: 'not bound' };
      return { append: false, optional: false, remote: 'it', ...found };
    },
  });
  readonly stager: Stager;
  /** Units that have had no files until they left a value. */
  readonly calls = new Map<number, StagedUnit>();
  #near: Link | undefined;

  constructor() {
    const agent = this;
    this.stager = new Stager({
      root: this.node,
      link: {
        get buffered() {
          return agent.#near?.buffered ?? 0;
        },
        send: (message) => agent.#near?.send(message),
      },
      executor: { release: () => this.said.push('released') },
      machine: {
        staged: (key) => this.said.push(`staged ${key}`),
        stagingFailed: (key, { problem }) => this.said.push(`failed ${key} ${problem}`),
        stagedOf: (key) => this.calls.get(key),
        collected: (key) => this.said.push(`collected ${key}`),
        collectingFailed: (key, { problem }) => this.said.push(`uncollected ${key} ${problem}`),
      },
      clock: systemClock,
      told: () => {},
      progress: () => {},
    });
  }

  connect(): void {
    const [near, far] = memoryLinks();
    this.#near = near;
    this.service.channel = 3;
    const port = {
      agentId: 'a',
      get buffered() {
        return far.buffered;
      },
      channelOf: () => 3,
      send: (message: OnChannel<ManagerTransfer>) => {
        this.fromManager.push(message);
        far.send(message);
      },
    };
    far.on('message', (message) => this.desk.receive(port, message as AgentTransfer));
    far.on('drain', () => this.desk.drained('a'));
    near.on('drain', () => this.stager.drained());
    near.on('message', (message) => this.stager.receive(message as OnChannel<ManagerTransfer>));
    this.stager.attached(3);
  }

  cut(): void {
    this.#near?.destroy();
    this.#near = undefined;
    this.service.channel = undefined;
    this.stager.disconnected();
    this.desk.disconnected('a');
  }

  unit(unit: number, files: Partial<Pick<StagedUnit, 'inputs' | 'outputs'>>): StagedUnit {
    return {
      key: -1 - unit,
      service: this.service,
      unit,
      attempt: 1,
      inputs: [],
      outputs: [],
      ...files,
    } as unknown as StagedUnit;
  }

  stage(unit: StagedUnit): void {
    this.stager.perform({ type: 'stage', run: unit });
  }

  /** As the executor does it; the unit's directory. */
  place(unit: StagedUnit): string {
    const directory = join(this.node, `${unit.unit}`);
    mkdirSync(directory);
    this.stager.place(unit, { isKept: true } as never, directory);
    return directory;
  }

  collect(unit: StagedUnit): void {
    this.stager.perform({ type: 'collect', key: unit.key, outcome: { reason: 0 } as never });
  }

  async hears(...words: string[]): Promise<void> {
    await vi.waitFor(() => expect(this.said).toEqual(expect.arrayContaining(words)), PATIENCE);
  }

  /** Bytes of files that the manager has sent. */
  get bytes(): number {
    return this.fromManager.reduce(
      (sum, message) => sum + ('data' in message ? message.data.length : 0),
      0,
    );
  }
}

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

  it('is added to a file once, though the word of it was lost', async () => {
    const pair = new StagingPair();
    pair.locals.set(1, { path: join(pair.home, 'out'), direction: 'out', append: true });
    pair.connect();
    const unit = pair.unit(0, { outputs: [{ item: 1, name: 'out', append: true }] });
    writeFileSync(join(pair.place(unit), 'out'), 'line\n');
    pair.collect(unit);
    await vi.waitFor(
      () => {
        if (!existsSync(join(pair.home, 'out'))) throw new Error('not yet');
        pair.cut();
      },
      { ...PATIENCE, interval: 1 },
    );
    pair.connect();
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
