/**
 * The network between agents and whichever manager lives: slow links, cut links, links that nothing
 * comes through any more, and agents that are cut off for a while.
 */
import type { Clock } from '../../packages/core/src/runtime/clock.ts';
import type { Link } from '../../packages/core/src/transport/link.ts';
import { memoryLinks } from '../../packages/core/src/transport/memory-link.ts';
import type { SimulatedAgent } from './agent.ts';
import type { ProcessClock } from './clock.ts';
import type { Random } from './random.ts';

/** Whoever listens. */
export interface Listener {
  accept(link: Link, identity: string): void;
  whenRunning(call: () => void): void;
}

/** How long whoever dials waits for an answer. */
const DIAL_MS = 10_000;

/** A process that is stopped reads nothing until it goes on. */
export function gate(link: Link, clock: ProcessClock): void {
  const emitter = link as Link & { emit(...event: unknown[]): boolean };
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (...event) => {
    if (clock.isOver) return emit(...event);
    clock.whenRunning(() => emit(...event));
    return true;
  };
}

interface Connection {
  readonly agent: SimulatedAgent;
  /** Nothing comes through, and nobody knows. */
  isMute: boolean;
  readonly ends: readonly [Link, Link];
}

export class Network {
  listener: Listener | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #connections = new Set<Connection>();
  /** Until when an agent reaches nobody. */
  readonly #cutOff = new Map<SimulatedAgent, number>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  dial(agent: SimulatedAgent): Promise<Link> {
    return new Promise((resolve, reject) => {
      this.#clock.after(this.#random.between(1, 30), () => {
        const isCutOff = (this.#cutOff.get(agent) ?? 0) > this.#clock.monotonic();
        const { listener } = this;
        if (listener === undefined || isCutOff) {
          reject(new Error('nobody there'));
          return;
        }
        let isLate = false;
        this.#clock.after(DIAL_MS, () => {
          isLate = true;
          reject(new Error('no answer'));
        });
        listener.whenRunning(() => {
          if (isLate) return;
          if (listener !== this.listener) reject(new Error('nobody there any more'));
          else resolve(this.#connect(agent, listener));
        });
      });
    });
  }

  /** Ends one link, with all that is on its way, and perhaps keeps the agent away for so long. */
  cut(agent: SimulatedAgent, ms: number): void {
    this.#cutOff.set(agent, this.#clock.monotonic() + ms);
    for (const { ends } of this.#of(agent)) ends[0].destroy();
  }

  /** Nothing comes through any more, and neither side is told. */
  mute(agent: SimulatedAgent, ms: number): void {
    this.#cutOff.set(agent, this.#clock.monotonic() + ms);
    for (const connection of this.#of(agent)) {
      connection.isMute = true;
      for (const end of connection.ends) end.send = () => {};
    }
  }

  /** Whether something that an agent sends arrives at the present manager. */
  reaches(agent: SimulatedAgent): boolean {
    return this.listener !== undefined && this.#of(agent).some(({ isMute }) => !isMute);
  }

  /** The manager is dead. What it sent last may still arrive, or not. */
  managerDied(): void {
    this.listener = undefined;
    for (const { ends } of this.#connections) {
      const [ours] = ends;
      if (this.#random.chance(0.5)) ours.close();
      else ours.destroy();
    }
  }

  #connect(agent: SimulatedAgent, listener: Listener): Link {
    const options = {
      clock: this.#clock,
      random: this.#random.fraction,
      delay: this.#random.chance(0.2) ? 400 : 5,
    };
    const ends = memoryLinks(options);
    const connection = { agent, ends, isMute: false };
    this.#connections.add(connection);
    ends[0].on('close', () => this.#connections.delete(connection));
    listener.accept(ends[0], agent.pilotId);
    return ends[1];
  }

  #of(agent: SimulatedAgent): Connection[] {
    return [...this.#connections].filter((connection) => connection.agent === agent);
  }
}
