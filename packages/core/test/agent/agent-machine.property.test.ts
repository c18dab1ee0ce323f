import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Run, StagedUnit } from '../../src/agent/service-work.ts';
import type { Report } from '../../src/protocol/messages.ts';
import { AgentWorld, named, rows, SUCCESS, told } from './agent-world.ts';

const GRACE_MS = 1000;

describe('whatever happens', () => {
  type Step =
    | { do: 'start'; unit: number; cores: number; files: number; priority: number; channel: number }
    | { do: 'restart' | 'cancel' | 'recall'; unit: number; channel: number }
    | { do: 'begin' | 'end' | 'stage' | 'collect'; which: number; fails: boolean }
    | { do: 'ack' | 'lose' | 'settle' };
  const unit = fc.nat(30);
  const channel = fc.constantFrom(1, 2);
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('start' as const),
        unit,
        cores: fc.integer({ min: 1, max: 4 }),
        files: fc.constantFrom(0, 0, 10, 20, 30),
        priority: fc.constantFrom(0, 1),
        channel,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('restart' as const, 'cancel' as const, 'recall' as const),
        unit,
        channel,
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('begin' as const, 'end' as const, 'stage' as const, 'collect' as const),
        which: fc.nat(),
        fails: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('ack' as const, 'lose' as const, 'settle' as const),
      }),
    },
  );

  const inputs = [{ item: 0, name: 'in' }];
  const outputs = [{ item: 1, name: 'out' }];
  const FILES = [
    [0, {}],
    [10, { inputs }],
    [20, { outputs }],
    [30, { inputs, outputs }],
  ] as const;

  /** A manager that believes only what reports say, whose messages the link may lose. */
  class Manager {
    readonly world = new AgentWorld({ leaseMs: 1e12 });
    readonly attempts = new Map<string, number>();
    /** Attempts that were given and are not yet reported over; what is over, by report. */
    readonly open = new Set<string>();
    readonly seen = new Map<number, number>([
      [1, 0],
      [2, 0],
    ]);
    readonly over = new Map<string, string>();

    constructor() {
      this.connect();
    }

    connect(): void {
      this.world.connect({ a: 1, b: 2 });
      for (const channel of [1, 2]) {
        for (const cores of [1, 2, 3, 4]) {
          for (const [files, command] of FILES) {
            this.world.template(cores + files, { cores }, channel, command);
          }
        }
      }
    }

    read(acknowledge: boolean): void {
      for (const report of this.world.settle().takeReports()) {
        const known = this.seen.get(report.channel) ?? 0;
        expect(report.seq).toBeLessThanOrEqual(known + 1);
        if (report.seq > known) this.#note(report);
        this.seen.set(report.channel, Math.max(known, report.seq));
      }
      if (!acknowledge) return;
      for (const [channel, seq] of this.seen) this.world.receive({ type: 'ack', channel, seq });
    }

    #note(report: Report): void {
      for (const row of told([report])) {
        if (row.startsWith('started')) continue;
        const name = `${report.channel}/${row.split(' ').at(-1)}`;
        expect([...this.open], `${name} is over: ${row}`).toContain(name);
        this.open.delete(name);
        this.over.set(name, row);
      }
    }

    take({ ...step }: Step): void {
      const { world } = this;
      const live = [...world.runs.values()];
      if (step.do === 'start') this.#start(step, 1);
      else if (step.do === 'restart') this.#start({ ...step, cores: 1, files: 0, priority: 0 }, 0);
      else if (step.do === 'cancel' || step.do === 'recall') {
        const attempt = this.attempts.get(`${step.channel}/${step.unit}`);
        if (attempt === undefined) return;
        world.receive({ type: step.do, channel: step.channel, ...rows([step.unit], attempt) });
      } else if (step.do === 'begin' || step.do === 'end') {
        const run = live[step.which % Math.max(1, live.length)];
        if (run === undefined) return;
        if (step.do === 'begin' && run.startedAt === 0) world.machine.started(run.key, 5);
        if (step.do === 'end') this.endRun(run);
      } else if (step.do === 'stage' || step.do === 'collect') {
        const waiting = [...(step.do === 'stage' ? world.staging : world.collecting).values()];
        const staged = waiting[step.which % Math.max(1, waiting.length)];
        if (staged) this.move(staged, step.fails);
      } else if (step.do === 'lose') {
        // What was sent and not read is lost, and what is held must name all that is open.
        world.settle().takeReports();
        world.machine.disconnected();
        this.#compareHeld();
        this.connect();
      } else this.read(step.do === 'ack');
    }

    /** Its files have travelled, or not. */
    move({ key }: StagedUnit, fails: boolean): void {
      const { machine, staging, collecting } = this.world;
      const problem = { problem: 'no such file', isOfMachine: key % 3 === 0 };
      if (staging.delete(key)) {
        if (fails) machine.stagingFailed(key, problem, 5);
        else machine.staged(key);
      } else if (collecting.delete(key)) {
        if (fails) machine.collectingFailed(key, problem);
        else machine.collected(key);
      }
      this.world.settle();
    }

    endRun(run: Run): void {
      this.world.runs.delete(run.key);
      this.world.machine.ended(run.key, { ...SUCCESS, terminated: run.stop !== undefined });
      this.world.settle();
    }

    #start(
      {
        unit,
        cores,
        files,
        priority,
        channel,
      }: { unit: number; cores: number; files: number; priority: number; channel: number },
      more: number,
    ): void {
      const name = `${channel}/${unit}`;
      const last = this.attempts.get(name) ?? 0;
      // As a manager does: no new attempt before the old one is known to be over.
      if (more > 0 && this.open.has(`${name}.${last}`)) return;
      const attempt = last + more;
      if (attempt === 0) return;
      this.attempts.set(name, attempt);
      if (more > 0) this.open.add(`${name}.${attempt}`);
      this.world.start([unit], { template: cores + files, attempt, priority, channel });
    }

    #compareHeld(): void {
      const held = this.world.machine
        .held()
        .flatMap(({ service, ...columns }) =>
          named(service === 'a' ? '1/' : '2/', columns).map((row) => row.replace(' ', '')),
        );
      expect(new Set(held).size).toBe(held.length);
      for (const name of this.open) expect(held).toContain(name);
    }
  }

  function checkSlots({ runs }: AgentWorld): void {
    const cores = [...runs.values()].flatMap(({ allocation }) => allocation.cores);
    expect(new Set(cores).size).toBe(cores.length);
    for (const core of cores) expect([0, 1, 2, 3]).toContain(core);
    const units = [...runs.values()].map(({ service, unit: each }) => `${service.id}.${each}`);
    expect(new Set(units).size).toBe(units.length);
    for (const { staged } of runs.values()) expect(staged?.phase ?? 'running').toBe('running');
  }

  it('every unit that is given is over exactly once, and no core is held twice', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const manager = new Manager();
        for (const each of steps) {
          manager.take(each);
          checkSlots(manager.world);
        }
        for (;;) {
          manager.read(true);
          const { runs, staging, collecting } = manager.world;
          const [run] = runs.values();
          const [staged] = [...staging.values(), ...collecting.values()];
          if (run !== undefined) manager.endRun(run);
          else if (staged !== undefined) manager.move(staged, false);
          else if (manager.world.machine.withFiles > 0) manager.world.tick(1_000);
          else break;
        }
        expect([...manager.open]).toEqual([]);
        expect(manager.world.machine.held().flatMap(({ units }) => [...units])).toEqual([]);
        expect(manager.world.machine.load).toEqual({ running: 0, waiting: 0 });
        expect(manager.world.machine.withFiles).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('an eviction in the middle gives everything back, and the agent exits', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const manager = new Manager();
        for (const each of steps) manager.take(each);
        manager.world.machine.end('signal', 0);
        manager.world.settle();
        for (const run of [...manager.world.runs.values()]) manager.endRun(run);
        expect(manager.world.staging.size).toBe(0);
        manager.world.tick(GRACE_MS);
        if (manager.world.exit === undefined) manager.read(true);
        expect([...manager.open]).toEqual([]);
        expect(manager.world.exit?.reason).toBe('signal');
      }),
      { numRuns: 300 },
    );
  });
});
