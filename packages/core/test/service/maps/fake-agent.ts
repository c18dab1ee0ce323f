/** An agent at the seam of work clients: it calls functions here and now, and does what it is told with its link. */
import type { CallProblem } from '../../../src/model/call-problem.ts';
import type {
  AgentCallMessage,
  ManagerCallMessage,
  MapUnit,
} from '../../../src/protocol/call-messages.ts';
import type { EndedColumns, ManagerMessage, UnitCommand } from '../../../src/protocol/messages.ts';
import type { OnChannel } from '../../../src/protocol/transfer-messages.ts';
import { decodeValue, encodeValue } from '../../../src/runtime/values.ts';
import type {
  AgentPort,
  SentCallMessage,
  WorkWord,
} from '../../../src/service/base/work-client.ts';
import { PartBox } from '../../../src/service/calls/part-box.ts';
import type { WorkCore } from '../../../src/service/units/work-core.ts';
import { withoutPieces } from '../../../src/transport/frame-codec.ts';
import { NODE } from '../../support/work-world.ts';

/** What comes of a word by a link. */
type Heard = Exclude<WorkWord, SentCallMessage> | OnChannel<ManagerCallMessage>;
type Calls = Extract<Heard, { readonly type: 'calls' }>;
type Call = (input: unknown, round: number) => unknown;

interface Held extends MapUnit {
  readonly call: UnitCommand['call'];
  /** Batches that are there: their calls, and results that were not acknowledged. */
  readonly batches: Map<number, Calls & { inputs: readonly unknown[]; result?: AgentCallMessage }>;
  isOver: boolean;
}

export class FakeAgent implements AgentPort {
  readonly agentId: string;
  readonly pilotId: string;
  readonly node;
  readonly endsAt = undefined;
  connected = false;
  buffered = 0;
  /** While this is set, batches lie about. */
  isHeld = false;
  /** What it has been sent, by type. */
  readonly heard: Record<string, number> = {};
  calls = 0;
  readonly #core: WorkCore;
  readonly #functions: Readonly<Record<string, Call>>;
  readonly #templates = new Map<number, UnitCommand>();
  readonly #units = new Map<number, Held>();
  readonly #parts = new PartBox();
  #seq = 0;
  /** The link that it has, counted: what was under way on one before is lost with it. */
  #link = 0;

  constructor(core: WorkCore, name: string, functions: Readonly<Record<string, Call>>, cores = 2) {
    this.#core = core;
    this.#functions = functions;
    this.agentId = name;
    this.pilotId = `pilot-of-${name}`;
    this.node = { ...NODE, host: `host-of-${name}`, cores };
  }

  channelOf(): number {
    return 1;
  }

  get unitCount(): number {
    return this.#units.size;
  }

  /** Comes by a new link, and says what it holds. */
  join(): void {
    this.connected = true;
    this.#link += 1;
    const held = [...this.#units.values()];
    this.#core.agentJoined(this, {
      units: Uint32Array.from(held, ({ unit }) => unit),
      attempts: Uint16Array.from(held, ({ attempt }) => attempt),
      phases: Uint8Array.from(held, () => 1),
    });
    for (const unit of held) {
      this.#sayReady(unit);
      for (const { result } of unit.batches.values()) if (result) this.#say(result);
    }
  }

  /** Its link is lost. */
  leave(): void {
    this.connected = false;
    this.#core.agentSilent(this, 'the link was closed');
  }

  /** It is no more. */
  die(): void {
    this.connected = false;
    this.#core.agentGone(this, 'lost', 'it was killed');
  }

  /** Does what it has. */
  release(): void {
    this.isHeld = false;
    for (const unit of this.#units.values()) {
      for (const batch of [...unit.batches.values()]) this.#do(unit, batch);
    }
  }

  send(message: WorkWord): void {
    this.heard[message.type] = (this.heard[message.type] ?? 0) + 1;
    // As by a link: later, and not at all where that is lost meanwhile.
    const link = this.#link;
    setImmediate(() => {
      if (this.connected && link === this.#link) this.#hear(withoutPieces(message) as Heard);
    });
  }

  #hear(message: Heard): void {
    switch (message.type) {
      case 'templates':
        for (const { id, command } of message.templates) this.#templates.set(id, command);
        return;
      case 'start':
        this.#start(message);
        return;
      case 'cancel':
        for (const unit of message.units) this.#end(unit, true);
        return;
      case 'calls': {
        const data = this.#parts.add(`${message.unit} ${message.batch}`, message);
        const unit = this.#units.get(message.unit);
        if (data === undefined || unit === undefined) return;
        const batch = { ...message, inputs: decodeValue(data.slice()) as unknown[] };
        unit.batches.set(message.batch, batch);
        if (!this.isHeld) this.#do(unit, batch);
        return;
      }
      case 'calls-drop': {
        const unit = this.#units.get(message.unit) as Held;
        const dropped = [...message.batches].filter((batch) => {
          return unit.batches.get(batch)?.result === undefined && unit.batches.delete(batch);
        });
        const { unit: number, attempt } = message;
        const batches = Uint32Array.from(dropped);
        this.#say({ type: 'calls-dropped', unit: number, attempt, batches });
        return;
      }
      case 'calls-ack': {
        const unit = this.#units.get(message.unit);
        for (const batch of message.batches) unit?.batches.delete(batch);
        if (unit?.isOver) this.#end(unit.unit, false);
        return;
      }
      case 'calls-over': {
        const unit = this.#units.get(message.unit);
        if (unit === undefined) return;
        unit.isOver = true;
        this.#end(unit.unit, false);
        return;
      }
      default:
    }
  }

  #start({ runs }: Extract<ManagerMessage, { readonly type: 'start' }>): void {
    for (const { template, units, attempts } of runs) {
      units.forEach((unit, row) => {
        const attempt = attempts[row] as number;
        const { call } = this.#templates.get(template) as UnitCommand;
        const held: Held = { unit, attempt, call, batches: new Map(), isOver: false };
        this.#units.set(unit, held);
        const at = new Float64Array([1]);
        this.#report({
          started: { units: Uint32Array.of(unit), attempts: Uint16Array.of(attempt), at },
        });
        this.#sayReady(held);
      });
    }
  }

  #sayReady({ unit, attempt, batches }: Held): void {
    const there = [...batches.values()];
    this.#say({
      type: 'calls-ready',
      ...{ unit, attempt },
      held: Uint32Array.from(there, ({ batch }) => batch),
      firsts: Float64Array.from(there, ({ first }) => first),
      counts: Uint32Array.from(there, ({ count }) => count),
    });
  }

  #do(unit: Held, batch: Calls & { inputs: readonly unknown[]; result?: AgentCallMessage }): void {
    if (batch.result !== undefined) return;
    const call = this.#functions[unit.call?.export ?? ''] as Call;
    const problems: CallProblem[] = [];
    const values = batch.inputs.map((input, row) => {
      this.calls += 1;
      try {
        return call(input, batch.round);
      } catch (error) {
        const { name, message, stack } = error as Error;
        problems.push({ call: row, kind: 'threw', name, message, ...(stack && { stack }) });
        return undefined;
      }
    });
    const data = encodeValue(values);
    const { unit: number, attempt, first, count } = batch;
    batch.result = {
      type: 'results',
      ...{ unit: number, attempt, batch: batch.batch, first, count },
      ...{ ms: 1, isLast: true, problems, at: 0, size: data.length, data },
    };
    this.#say(batch.result);
  }

  #end(unit: number, isTerminated: boolean): void {
    const held = this.#units.get(unit);
    if (held === undefined || (!isTerminated && held.batches.size > 0)) return;
    this.#units.delete(unit);
    const ended: EndedColumns = {
      units: Uint32Array.of(unit),
      attempts: Uint16Array.of(held.attempt),
      reasons: Uint8Array.of(0),
      exitCodes: Int16Array.of(isTerminated ? -1 : 0),
      signals: Uint8Array.of(0),
      terminated: Uint8Array.of(Number(isTerminated)),
      startedAt: Float64Array.of(1),
      finishedAt: Float64Array.of(2),
      userTime: Float32Array.of(0),
      systemTime: Float32Array.of(0),
      maxRss: Uint32Array.of(0),
    };
    this.#report({ ended });
  }

  #report(rows: object): void {
    this.#seq += 1;
    this.#tell({ type: 'report', channel: 1, seq: this.#seq, ...rows });
  }

  #say(message: AgentCallMessage): void {
    // What comes by a link is the receiver's own.
    const { data } = message as { readonly data?: Uint8Array };
    this.#tell({ channel: 1, ...message, ...(data && { data: data.slice() }) } as Parameters<
      WorkCore['agentMessage']
    >[1]);
  }

  #tell(message: Parameters<WorkCore['agentMessage']>[1]): void {
    if (this.connected) this.#core.agentMessage(this, message);
  }
}
