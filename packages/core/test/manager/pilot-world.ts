/** A pilot machine for its tests: what it is told, and what it decides and wants done. */
import { expect } from 'vitest';
import type {
  NativeReport,
  PilotEffect,
  PilotEvent,
  PilotInput,
  PilotPlan,
} from '../../src/manager/pilot-events.ts';
import { assertPilotInvariants } from '../../src/manager/pilot-invariants.ts';
import { PilotMachine } from '../../src/manager/pilot-machine.ts';
import type { NodeInfo } from '../../src/model/resources.ts';
import type { EndReason } from '../../src/protocol/messages.ts';

/** What every pilot is asked for. */
export const plan: PilotPlan = {
  rm: 'slurm://',
  type: 'slurm',
  description: { totalCpuCount: 4 },
  policy: {
    registrationMs: 60_000,
    registersFrom: 'running',
    fenceMs: 90_000,
    graceMs: 10_000,
    patienceMs: 25_000,
  },
};

/** Where every agent says that it is. */
export const node: NodeInfo = {
  host: 'n1',
  cores: 4,
  memory: 2 ** 30,
  gpus: 0,
  resources: {},
  cpuArchitecture: 'x64',
  operatingSystemType: 'linux',
  nodeVersion: '20.20.2',
  pstarVersion: '0.1.0',
  launcher: 'posix_spawn',
};

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;

/** A machine in conversation; every step is checked, and its replay compared. */
export class PilotWorld {
  machine = new PilotMachine();
  events: PilotEvent[] = [];
  effects: PilotEffect[] = [];
  moves: string[] = [];

  tell(input: WithoutTime<PilotInput>): this {
    const { events, effects } = this.machine.handle({ ...input, at: 7 } as PilotInput);
    this.events.push(...events);
    this.effects.push(...effects);
    for (const event of events) {
      if (event.type === 'pilot-moved') this.moves.push(`${event.state}: ${event.detail}`);
    }
    assertPilotInvariants(this.machine);
    expect(PilotMachine.replay(this.events).dump()).toEqual(this.machine.dump());
    return this;
  }

  create(own: Partial<PilotPlan['policy']> = {}): this {
    const policy = { ...plan.policy, ...own };
    return this.tell({ type: 'create', pilot: 'p', plan: { ...plan, policy } });
  }
  accept(nativeId = '17', round = 1): this {
    return this.tell({ type: 'accepted', pilot: 'p', round, nativeId });
  }
  native(state: NativeReport['state'], detail = state.toUpperCase(), id = '17'): this {
    return this.tell({ type: 'native', pilot: 'p', report: { id, state, detail } });
  }
  forgotten(nativeId = '17'): this {
    return this.tell({ type: 'native-forgotten', pilot: 'p', nativeId });
  }
  join(agent = 'a'): this {
    return this.tell({ type: 'agent-connected', pilot: 'p', agent, node });
  }
  silent(agent = 'a'): this {
    return this.tell({ type: 'agent-silent', pilot: 'p', agent, why: 'connection reset' });
  }
  bye(reason: EndReason, agent = 'a', problem?: string): this {
    const more = problem === undefined ? {} : { problem };
    return this.tell({ type: 'agent-bye', pilot: 'p', agent, reason, ...more });
  }
  killed(agent = 'a'): this {
    return this.tell({ type: 'agent-killed', pilot: 'p', agent });
  }
  cancel(): this {
    return this.tell({ type: 'cancel', pilot: 'p' });
  }
  running(): this {
    this.create().accept().native('Running').join();
    this.taken();
    return this;
  }

  get pilot() {
    return this.machine.pilots.get('p');
  }
  get state() {
    return this.pilot?.state;
  }
  /** The moves since the last call, and no others. */
  taken(): string[] {
    return this.moves.splice(0);
  }
  /** The effects since the last call, and no others. */
  done(): PilotEffect[] {
    return this.effects.splice(0);
  }
  /** Lets the last reminder of that kind fall due. */
  remind(type: PilotInput['type']): this {
    const effect = this.effects.findLast((e) => e.type === 'remind' && e.input.type === type);
    if (effect?.type !== 'remind') throw new Error(`nobody wants to be reminded of ${type}`);
    return this.tell(effect.input);
  }
}
