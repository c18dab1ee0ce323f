/** The hands of an agent and the desk of a manager over one link, whose files are described by a table. */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { newService, type StagedUnit } from '../../src/agent/service-work.ts';
import { Stager } from '../../src/agent/stager.ts';
import type {
  AgentTransfer,
  ManagerTransfer,
  OnChannel,
} from '../../src/protocol/transfer-messages.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { AppendedOutputs } from '../../src/service/staging/appended-outputs.ts';
import { StagingDesk } from '../../src/service/staging/staging-desk.ts';
import type { Link } from '../../src/transport/link.ts';
import { memoryLinks } from '../../src/transport/memory-link.ts';
import { scratch } from '../staging/pair.ts';

export const PATIENCE = { timeout: 20_000, interval: 5 };

/** A file that was written so lately cannot be told from what it may still become. */
export const settled = (path: string) =>
  expect.poll(() => Date.now() - statSync(path).ctimeMs).toBeGreaterThan(25);

/** An agent and a manager. */
export class StagingPair {
  readonly home = scratch();
  readonly node = scratch();
  readonly service = newService('work');
  readonly said: string[] = [];
  readonly fromManager: ManagerTransfer[] = [];
  readonly locals = new Map<
    number,
    { path: string; direction: 'in' | 'out'; append?: boolean; stamp?: string }
  >();
  readonly #appendedFile = join(scratch(), 'appended');
  desk = this.#newDesk();
  readonly stager: Stager;
  /** Is told what the agent says, just before that is on its way. */
  fromAgent: (message: AgentTransfer) => void = () => {};
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
        send: (message) => {
          this.fromAgent(message);
          agent.#near?.send(message);
        },
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

  #newDesk(): StagingDesk {
    return new StagingDesk({
      service: 'work',
      find: (_, unit, __, item) => {
        const found = this.locals.get(unit * 100 + item) ?? this.locals.get(item);
        if (found === undefined) return { problem: 'not bound' };
        return { append: false, optional: false, remote: 'it', ...found };
      },
      appended: new AppendedOutputs(this.#appendedFile, () => true),
    });
  }

  /** As the next process has it that opens the service. */
  reopen(): void {
    this.cut();
    this.desk.close();
    this.desk = this.#newDesk();
    this.connect();
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
