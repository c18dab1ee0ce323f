/** An agent with the mind of the real one, whose units take as long as they are meant to. */
import { type AgentEffect, AgentMachine } from '../../packages/core/src/agent/agent-machine.ts';
import { REPORT_MS } from '../../packages/core/src/agent/report-pace.ts';
import type { AgentMessage, ManagerMessage } from '../../packages/core/src/protocol/messages.ts';
import type { Agenda } from './agenda.ts';

/** Beyond the end of every run: nobody falls silent here. */
const FOR_EVER = 1e12;

const ENDED_WELL = {
  reason: 0,
  exitCode: 0,
  userTime: 0,
  systemTime: 0,
  maxRss: 0,
  terminated: false,
};

interface AgentParts {
  readonly id: string;
  readonly cores: number;
  readonly agenda: Agenda;
  runMs(unit: number): number;
  coresOf(unit: number): number;
  send(message: AgentMessage): void;
}

export class QuietAgent {
  readonly id: string;
  readonly cores: number;
  freeCores: number;
  /** How many units wait here, by their cores. */
  readonly waiting = new Map<number, number>();
  readonly #parts: AgentParts;
  readonly #machine: AgentMachine;
  #isFlushDue = false;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.cores = parts.cores;
    this.freeCores = parts.cores;
    const cores = Array.from({ length: parts.cores }, (_, core) => core);
    const capacity = { cores, gpus: [], memory: 2 ** 40, resources: {} };
    this.#machine = new AgentMachine({ capacity, leaseMs: FOR_EVER, graceMs: 0 }, 0);
    this.#machine.connected(FOR_EVER, 0);
  }

  receive(message: ManagerMessage): void {
    const { now } = this.#parts.agenda;
    if (message.type === 'start') {
      for (const { units } of message.runs) this.#count(units, 1);
    }
    this.#machine.receive(message, now, now);
    this.#touch();
  }

  #count(units: Iterable<number>, by: number): void {
    for (const unit of units) {
      const cores = this.#parts.coresOf(unit);
      this.waiting.set(cores, (this.waiting.get(cores) ?? 0) + by);
    }
  }

  /** Does at once what follows, and says what has happened when the real one would. */
  #touch(): void {
    this.#perform();
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#parts.agenda.after(this.#machine.hasPlenty ? REPORT_MS : 0, () => {
      this.#isFlushDue = false;
      this.#machine.flush();
      this.#perform();
    });
  }

  #perform(): void {
    for (;;) {
      const effects = this.#machine.takeEffects();
      if (effects.length === 0) return;
      for (const effect of effects) this.#do(effect);
    }
  }

  #do(effect: AgentEffect): void {
    if (effect.type === 'run') {
      this.#run(effect.run.key, effect.run.unit);
    } else if (effect.type === 'send') {
      const { message } = effect;
      if (message.type === 'report' && message.returned) this.#count(message.returned.units, -1);
      this.#parts.send(message);
    }
  }

  #run(key: number, unit: number): void {
    const { agenda, runMs, coresOf } = this.#parts;
    const startedAt = agenda.now;
    this.#count([unit], -1);
    this.freeCores -= coresOf(unit);
    this.#machine.started(key, startedAt);
    agenda.after(runMs(unit), () => {
      this.freeCores += coresOf(unit);
      this.#machine.ended(key, { ...ENDED_WELL, startedAt, finishedAt: agenda.now });
      this.#touch();
    });
  }
}
