/**
 * Carries out what the agent's mind wants of units' files: brings inputs to the node and puts them in
 * their places, has outputs wait for their turn and brings them home. Knows the link as something
 * that comes and goes.
 */
import { dirname, isAbsolute, join } from 'node:path';
import type { Executor, UnitRun } from '../executor/unit-run.ts';
import type { StagedFile } from '../protocol/messages.ts';
import {
  type AgentTransfer,
  ATTRIBUTE_ITEMS,
  type ManagerTransfer,
  type OnChannel,
  valueStamp,
} from '../protocol/transfer-messages.ts';
import type { Clock } from '../runtime/clock.ts';
import { makeDirectorySync } from '../runtime/make-directory.ts';
import { Budget } from '../staging/budget.ts';
import { look, placeNow } from '../staging/place.ts';
import { fail } from '../staging/problems.ts';
import { Receiver } from '../staging/receiver.ts';
import { Sender } from '../staging/sender.ts';
import type { AgentMachine } from './agent-machine.ts';
import { NodeStore } from './node-store.ts';
import type { ProgressLine } from './progress-gate.ts';
import type { RunOutcome, ServiceWork, StagedUnit } from './service-work.ts';
import { type BroughtInputs, StageIn } from './stage-in.ts';
import { StageOut } from './stage-out.ts';
import type { UnitEffect } from './unit-effects.ts';
import { standInPath } from './unit-preparation.ts';

/** Of files as large as that it is said how far they are. */
const LONG_BYTES = 16 * 1024 * 1024;

/** What the machine wants of files. */
type FileEffect = Extract<UnitEffect, { readonly type: 'stage' | 'unstage' | 'collect' }>;

/** What a stager needs, and what it says. */
export interface StagerParts {
  /** The pilot's directory. */
  readonly root: string;
  /** The way to the manager; what is sent while there is none is dropped. */
  readonly link: {
    readonly buffered: number;
    send(message: OnChannel<AgentTransfer>, sent?: () => void): void;
  };
  readonly executor: Pick<Executor, 'release'>;
  readonly machine: Pick<
    AgentMachine,
    'staged' | 'stagingFailed' | 'stagedOf' | 'collected' | 'collectingFailed'
  >;
  readonly clock: Clock;
  /** The machine has been told something. */
  told(): void;
  /** A transfer that takes long is so far, or why a unit waits. */
  progress(key: number, line: ProgressLine): void;
}

/** The files of one service's units. */
interface ServiceFiles {
  readonly service: ServiceWork;
  readonly stageIn: StageIn;
  readonly stageOut: StageOut;
  /** Of the present link. */
  sender: Sender | undefined;
  receiver: Receiver | undefined;
}

/** A unit whose inputs are here. */
interface Here {
  readonly unit: StagedUnit;
  readonly inputs: BroughtInputs;
  run: UnitRun | undefined;
  directory: string;
}

/** The hands for all units' files. */
export class Stager {
  readonly #parts: StagerParts;
  readonly #store: NodeStore;
  readonly #budget = new Budget();
  readonly #services = new Map<ServiceWork, ServiceFiles>();
  readonly #here = new Map<number, Here>();
  #isAskDue = false;

  constructor(parts: StagerParts) {
    this.#parts = parts;
    this.#store = new NodeStore(parts.root, (stamp) => this.#announce([], [stamp]));
  }

  /** Does what the machine wants. */
  perform(effect: FileEffect): void {
    if (effect.type === 'stage') {
      this.#filesOf(effect.run.service).stageIn.stage(effect.run);
      this.#askSoon();
    } else if (effect.type === 'unstage') this.#unstage(effect.key);
    else this.#collect(effect.key, effect.outcome);
  }

  #unstage(key: number): void {
    for (const { stageIn, stageOut } of this.#services.values()) {
      stageIn.unstage(key);
      stageOut.unstage(key);
    }
    this.#leave(key);
  }

  #collect(key: number, { reason }: RunOutcome): void {
    const found = this.#here.get(key) ?? this.#appear(key);
    if (found === undefined) return;
    const { unit, directory } = found;
    const pathOf = ({ item, name }: StagedFile): string =>
      item < 0 ? this.#standIn(unit, item) : pathIn(directory, name);
    this.#filesOf(unit.service).stageOut.collect(unit, { isGood: reason === 0, pathOf });
    this.#askSoon();
  }

  /** A unit of which no file has travelled so far: a call, with a large value. */
  #appear(key: number): Here | undefined {
    const unit = this.#parts.machine.stagedOf(key);
    const here = unit && { unit, inputs: [], run: undefined, directory: '' };
    if (here !== undefined) this.#here.set(key, here);
    return here;
  }

  /** Puts the inputs of a unit into its directory. Throws what is wrong with one. */
  place(unit: StagedUnit, run: UnitRun, directory: string): void {
    const here = this.#here.get(unit.key) ?? { unit, inputs: [], run, directory };
    here.run = run;
    here.directory = directory;
    this.#here.set(unit.key, here);
    this.#store.spare();
    try {
      if ([...unit.inputs, ...unit.outputs].some(({ item }) => item < 0)) {
        makeDirectorySync(dirname(this.#standIn(unit, 0)), 0o700);
      }
      // Without it the unit cannot start, and that is what is said then.
      if (here.inputs.length === 0 || !look(directory)?.isDirectory()) return;
    } catch (error) {
      fail(error, 'used', directory);
    }
    unit.inputs.forEach(({ item, name, append = false }, row) => {
      const brought = here.inputs[row];
      if (brought === undefined) return;
      here.inputs[row] = undefined;
      const target = item < 0 ? this.#standIn(unit, item) : pathIn(directory, name);
      placeNow(brought.staged, { target, name: brought.name, append });
    });
  }

  /** The service that has that channel now can be reached: what waits, or was lost, is asked for. */
  attached(channel: number): void {
    const files = this.#on(channel);
    if (files === undefined) return;
    this.#connect(files, channel);
    this.#askSoon();
  }

  /** A message about files. */
  receive(message: OnChannel<ManagerTransfer>): void {
    const files = this.#on(message.channel);
    switch (message.type) {
      case 'pack':
      case 'chunk':
        files?.receiver?.receive(message);
        return;
      case 'credit':
        files?.sender?.credit(message.transfer, message.bytes);
        return;
      case 'landed':
        files?.stageOut.landed(message);
    }
  }

  /** The link takes more. */
  drained(): void {
    for (const { sender } of this.#services.values()) sender?.drained();
  }

  /** The link is gone. */
  disconnected(): void {
    for (const files of this.#services.values()) {
      files.sender?.close();
      files.receiver?.close();
      files.sender = undefined;
      files.receiver = undefined;
      files.stageIn.disconnected();
      files.stageOut.disconnected();
    }
  }

  /** Removes all that is here. */
  close(): void {
    this.disconnected();
    for (const key of [...this.#here.keys()]) this.#leave(key);
    this.#store.close();
  }

  #filesOf(service: ServiceWork): ServiceFiles {
    const known = this.#services.get(service);
    if (known !== undefined) return known;
    const files: ServiceFiles = {
      service,
      stageIn: new StageIn(this.#store, {
        send: (message) => this.#send(service, message),
        expect: (transfer, path, over, progress) =>
          files.receiver?.expect(transfer, path, over, progress),
        drop: (transfer) => files.receiver?.drop(transfer),
        staged: (unit, inputs) => {
          this.#here.set(unit.key, { unit, inputs, run: undefined, directory: '' });
          this.#tell((machine) => machine.staged(unit.key));
        },
        failed: ({ key }, problem) => {
          if (problem.isOfMachine) this.#say(key, problem.problem);
          this.#tell((machine) => machine.stagingFailed(key, problem, this.#parts.clock.now()));
        },
        due: () => this.#askSoon(),
        progress: (unit, bytes, size) => this.#progress(unit, 'in', bytes, size),
      }),
      stageOut: new StageOut(this.#store, {
        send: (message) => this.#send(service, message),
        add: (source) => files.sender?.add(source),
        drop: (transfer) => files.sender?.drop(transfer),
        collected: (unit, problem) => {
          if (problem === undefined) this.#keepValue(unit);
          this.#leave(unit.key);
          this.#tell((machine) => {
            if (problem === undefined) machine.collected(unit.key);
            else machine.collectingFailed(unit.key, problem);
          });
        },
        progress: (unit, bytes, size) => this.#progress(unit, 'out', bytes, size),
      }),
      sender: undefined,
      receiver: undefined,
    };
    this.#services.set(service, files);
    if (service.channel !== undefined) this.#connect(files, service.channel);
    return files;
  }

  #on(channel: number): ServiceFiles | undefined {
    for (const files of this.#services.values()) {
      if (files.service.channel === channel) return files;
    }
    return undefined;
  }

  #connect(files: ServiceFiles, channel: number): void {
    const { link } = this.#parts;
    const port = {
      get buffered() {
        return link.buffered;
      },
      send: (message: AgentTransfer, sent?: () => void) => link.send({ channel, ...message }, sent),
    };
    files.sender = new Sender(port, this.#budget);
    files.receiver = new Receiver((message) => port.send(message));
    const has = this.#store.stamps;
    if (has.length > 0) port.send({ type: 'stamps', has, lost: [] });
  }

  #progress({ key }: StagedUnit, way: 'in' | 'out', bytes: number, size: number): void {
    if (size < LONG_BYTES) return;
    this.#say(key, `staging ${way}: ${Math.floor((100 * bytes) / size)} %`);
  }

  #say(key: number, message: string): void {
    this.#parts.progress(key, { fraction: undefined, message, at: this.#parts.clock.now() });
  }

  #tell(what: (machine: StagerParts['machine']) => void): void {
    what(this.#parts.machine);
    this.#parts.told();
  }

  #send({ channel }: ServiceWork, message: AgentTransfer): void {
    if (channel !== undefined) this.#parts.link.send({ ...message, channel });
  }

  #announce(has: readonly string[], lost: readonly string[]): void {
    for (const service of this.#services.keys()) this.#send(service, { type: 'stamps', has, lost });
  }

  /** All of a tick is asked for in one message. */
  #askSoon(): void {
    if (this.#isAskDue) return;
    this.#isAskDue = true;
    queueMicrotask(() => {
      this.#isAskDue = false;
      for (const { receiver, stageIn, stageOut } of this.#services.values()) {
        if (receiver === undefined) continue;
        stageIn.ask();
        stageOut.offer();
      }
    });
  }

  /** What a call has returned, and the manager has: others that are given it need not be sent it. */
  #keepValue(unit: StagedUnit): void {
    if (!unit.outputs.some(({ item }) => item === ATTRIBUTE_ITEMS.value)) return;
    const { service, attempt } = unit;
    const stamp = valueStamp(service.id, unit.unit, attempt);
    try {
      this.#store.adopt(stamp, this.#standIn(unit, ATTRIBUTE_ITEMS.value));
    } catch {
      // It is the manager's to send, then.
      return;
    }
    this.#send(service, { type: 'stamps', has: [stamp], lost: [] });
  }

  #standIn(unit: StagedUnit, item: number): string {
    return standInPath(this.#parts.root, unit, item);
  }

  /** Nothing of a unit is needed any more: its sandbox may go, and what waited here. */
  #leave(key: number): void {
    const here = this.#here.get(key);
    if (here === undefined) return;
    this.#here.delete(key);
    for (const brought of here.inputs) if (brought) this.#store.remove(brought.staged.path);
    for (const { item } of [...here.unit.inputs, ...here.unit.outputs]) {
      if (item < 0) this.#store.remove(this.#standIn(here.unit, item));
    }
    if (here.run?.isKept) this.#parts.executor.release(here.run);
  }
}

/** A slash at its end stays. */
function pathIn(directory: string, name: string): string {
  return isAbsolute(name) ? name : join(directory, name);
}
