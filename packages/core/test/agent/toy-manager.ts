import type { CallProblem } from '../../src/model/call-problem.ts';
import {
  type AgentCallMessage,
  isCallMessage,
  type ManagerCallMessage,
} from '../../src/protocol/call-messages.ts';
import type {
  AgentMessage,
  EndedColumns,
  HeldUnits,
  Hello,
  ManagerMessage,
  Report,
  UnitCommand,
} from '../../src/protocol/messages.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/version.ts';
import type { Link } from '../../src/transport/link.ts';

/** How one unit has ended. */
export interface Ended {
  readonly exitCode: number;
  readonly signal: number;
  readonly reason: number;
  readonly terminated: number;
  readonly problem: string;
}

/** The manager's end of a link: speaks the protocol and remembers what it is told. */
export class ToyManager {
  readonly link: Link;
  hello: Hello | undefined;
  /** What the agent said it held when it was attached. */
  held: HeldUnits | undefined;
  bye: string | undefined;
  isClosed = false;
  acknowledges = true;
  readonly reports: Report[] = [];
  readonly started = new Set<number>();
  readonly ended = new Map<number, Ended>();
  readonly returned = new Map<number, string>();
  readonly progress: string[] = [];
  readonly output = new Map<string, string>();
  readonly outputEnded = new Set<string>();
  pulses = 0;
  /** What was said of calls, in order. */
  readonly calls: AgentCallMessage[] = [];
  readonly values = new Map<number, Uint8Array | CallProblem>();
  #changed: (() => void)[] = [];

  constructor(link: Link) {
    this.link = link;
    link.on('message', (message) => {
      if (isCallMessage(message as AgentMessage | AgentCallMessage)) {
        this.calls.push(message as AgentCallMessage);
      } else this.#read(message as AgentMessage);
      this.#change();
    });
    link.on('close', () => {
      this.isClosed = true;
      this.#change();
    });
  }

  send(message: ManagerMessage): void {
    this.link.send(message);
  }

  /** Says something of calls. */
  tell(message: ManagerCallMessage): void {
    this.link.send({ channel: 1, ...message });
  }

  welcome({ heartbeatMs = 60_000, leaseMs = 600_000 } = {}): void {
    this.send({ type: 'welcome', protocol: PROTOCOL_VERSION, version: '0', heartbeatMs, leaseMs });
    this.send({ type: 'attach', channel: 1, service: 'work' });
  }

  /** One run of units of one command. */
  start(
    units: number[],
    command: UnitCommand,
    {
      cores = 1,
      attempt = 1,
      own,
    }: { cores?: number; attempt?: number; own?: (string | null)[] } = {},
  ): void {
    const request = { cores, memory: 0, gpus: 0, resources: {} };
    const id = this.#templates++;
    this.send({ type: 'templates', channel: 1, templates: [{ id, request, command }] });
    const run = {
      template: id,
      priority: 0,
      units: Uint32Array.from(units),
      attempts: Uint16Array.from(units, () => attempt),
      ...(own && { own }),
    };
    this.send({ type: 'start', channel: 1, runs: [run] });
  }
  #templates = 1;

  cancel(...units: number[]): void {
    const attempts = Uint16Array.from(units, () => 1);
    this.send({ type: 'cancel', channel: 1, units: Uint32Array.from(units), attempts });
  }

  /** Settles once that is so; whoever waits for what never comes runs into the test's own limit. */
  async until(condition: (manager: this) => unknown): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  #change(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }

  #read(message: AgentMessage): void {
    switch (message.type) {
      case 'hello':
        this.hello = message;
        break;
      case 'held':
        this.held = message;
        break;
      case 'report':
        this.#readReport(message);
        break;
      case 'progress':
        this.progress.push(`${message.unit} ${message.fraction} ${message.message}`);
        break;
      case 'output': {
        const name = `${message.unit} ${message.stream}`;
        if (message.chunk === undefined) this.outputEnded.add(name);
        else this.output.set(name, (this.output.get(name) ?? '') + Buffer.from(message.chunk));
        break;
      }
      case 'pulse':
        this.pulses++;
        break;
      case 'bye':
        this.bye = message.reason;
    }
  }

  #readReport(report: Report): void {
    this.reports.push(report);
    for (const unit of report.started?.units ?? []) this.started.add(unit);
    const { ended, returned } = report;
    for (const [row, value] of ended?.values ?? []) {
      this.values.set(ended?.units[row] as number, value);
    }
    for (const [row, unit] of (ended?.units ?? []).entries()) {
      this.ended.set(unit, rowOf(ended as EndedColumns, row));
    }
    for (const unit of returned?.units ?? []) this.returned.set(unit, returned?.why ?? '');
    if (this.acknowledges) this.send({ type: 'ack', channel: 1, seq: report.seq });
  }
}

function rowOf(ended: EndedColumns, row: number): Ended {
  return {
    exitCode: ended.exitCodes[row] as number,
    signal: ended.signals[row] as number,
    reason: ended.reasons[row] as number,
    terminated: ended.terminated[row] as number,
    problem: ended.details?.find(([at]) => at === row)?.[1] ?? '',
  };
}
