/**
 * A manager under watch: every step is checked, and followed by a twin that only replays.
 *
 * Whatever the tests do with it, the same must hold after each input: the tables agree with one
 * another, the journal alone rebuilds the state, and so does a snapshot; one that was begun before says
 * what was then.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import type { WorkEvent, WorkInput, WorkStep } from '../../src/manager/work-events.ts';
import { assertWorkInvariants } from '../../src/manager/work-invariants.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import type { NodeInfo } from '../../src/model/resources.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { mayMove, WORK_UNIT_STATES } from '../../src/model/work-unit-state.ts';
import type { Scheduler } from '../../src/scheduler/scheduler.ts';
import { type SchedulerName, schedulerOf } from '../../src/scheduler/schedulers.ts';

export const NODE: NodeInfo = {
  host: 'node1',
  cores: 4,
  memory: 2 ** 34,
  gpus: 0,
  resources: {},
  cpuArchitecture: 'x64',
  operatingSystemType: 'linux',
  nodeVersion: 'v20.20.0',
  pstarVersion: '0.0.0',
  launcher: 'null',
};

export class WorkWorld {
  readonly manager: WorkManager;
  /** What the journal would hold. */
  readonly journal: WorkEvent[] = [];
  now = 0;
  readonly #index: TemplateIndex;
  readonly #twin = new WorkManager(schedulerOf('fifo'));
  /** What subscribers have seen, by unit. */
  readonly #seen: string[] = [];
  /** Restored from an earlier snapshot: it has to follow from there. */
  #reopened = new WorkManager(schedulerOf('fifo'));
  #seq = 0;
  #steps = 0;
  readonly #snapshotEvery: number;

  constructor(scheduler: Scheduler | SchedulerName = 'backfill', snapshotEvery = 1) {
    this.#snapshotEvery = snapshotEvery;
    this.manager = new WorkManager(schedulerOf(scheduler));
    this.#index = new TemplateIndex(this.manager.state);
  }

  get state(): WorkManager['state'] {
    return this.manager.state;
  }

  handle(input: WorkInput): WorkStep {
    const before = this.manager.dump();
    const inTurn = this.manager.dumpInTurn();
    const step = this.manager.handle(input);
    expectSame([...inTurn], before, 'dumped while it changed');
    // As a journal does: what is changed in place afterwards would show as a difference.
    const events = structuredClone(step.events);
    this.journal.push(...events);
    for (const event of events) {
      this.#twin.replay(event);
      this.#reopened.replay(event);
    }
    this.#follow(step.moves);
    this.check();
    return step;
  }

  submit(...descriptions: Partial<WorkUnitDescription>[]): WorkStep {
    const intake = new Intake(this.#index, this.state, 'work');
    for (const description of descriptions) intake.add({ executable: 'true', ...description });
    return this.handle({ type: 'submit', now: this.now, submission: intake.finish() });
  }

  /** A pilot's agent registers; the pilot is called like the agent. */
  join(agentId: string, node: Partial<NodeInfo> = {}, endsAt?: number): WorkStep {
    const place = { agentId, pilotId: agentId, node: { ...NODE, ...node } };
    return this.handle({ type: 'agent-joined', now: this.now, place, endsAt, held: undefined });
  }

  /** An agent's report; numbered by itself, as agents do. */
  report(
    agentId: string,
    report: Pick<WorkInput & { type: 'report' }, 'started' | 'ended' | 'returned'>,
  ): WorkStep {
    return this.handle({ type: 'report', now: this.now, agentId, seq: ++this.#seq, ...report });
  }

  stateOf(unit: number): string {
    return WORK_UNIT_STATES[this.state.units.state(unit)] as string;
  }

  check(): void {
    assertWorkInvariants(this.state);
    const living = this.manager.dump();
    expectSame(this.#twin.dump(), living, 'replayed from the journal');
    expectSame(this.#reopened.dump(), living, 'replayed from a snapshot');
    if (++this.#steps % this.#snapshotEvery !== 0) return;
    this.#reopened = new WorkManager(schedulerOf('fifo'));
    this.#reopened.restore(structuredClone(living));
    expectSame(this.#reopened.dump(), living, 'restored');
    assertWorkInvariants(this.#reopened.state);
  }

  #follow(moves: Iterable<number>): void {
    for (const move of moves) {
      const unit = Math.floor(move / 16);
      const to = WORK_UNIT_STATES[move % 16] as (typeof WORK_UNIT_STATES)[number];
      const from = (this.#seen[unit] ?? 'New') as typeof to;
      expect(mayMove(from, to), `unit ${unit} from ${from} to ${to}`).toBe(true);
      this.#seen[unit] = to;
    }
    for (let unit = 0; unit < this.state.units.size; unit++) {
      expect(this.#seen[unit], `unit ${unit} as its moves tell`).toBe(this.stateOf(unit));
    }
  }
}

function expectSame(dump: unknown, living: unknown, how: string): void {
  // vitest's own comparison is for people: it costs more than all else here.
  if (!isDeepStrictEqual(dump, living)) expect(dump, how).toEqual(living);
}
