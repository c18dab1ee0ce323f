/**
 * Where agents keep what nobody has acknowledged, simulated: writing takes a little time, a death in
 * between leaves nothing of it, and what was written outlives the agent.
 */
import type { SealedReport } from '../../packages/core/src/protocol/messages.ts';
import type { Clock } from '../../packages/core/src/runtime/clock.ts';
import type { Bye, LeftReports } from '../../packages/core/src/transport/kept-reports.ts';
import type { Random } from './random.ts';

interface Disk {
  /** Reports by service. */
  readonly written: Map<string, SealedReport[]>;
  bye: Bye | undefined;
  /** Writes that are under way; undefined once the agent is over. */
  pending: (() => void)[] | undefined;
}

export class NodeDisks implements LeftReports {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #disks = new Map<string, Disk>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  keep(agentId: string, service: string, report: SealedReport): void {
    this.#write(agentId, ({ written }) => {
      written.set(service, [...(written.get(service) ?? []), report]);
    });
  }

  forget(agentId: string, service: string): void {
    this.#write(agentId, ({ written }) => written.delete(service));
  }

  /** An agent that ends in good order waits for its writes, and leaves a last word. */
  end(agentId: string, bye: Bye | undefined): void {
    const disk = this.#disk(agentId);
    for (const write of disk.pending ?? []) write();
    disk.pending = undefined;
    disk.bye = bye;
  }

  /** Nothing more is written for an agent that was killed. */
  kill(agentId: string): void {
    this.#disk(agentId).pending = undefined;
  }

  async reports(agentId: string, service: string): Promise<SealedReport[]> {
    return [...(this.#disk(agentId).written.get(service) ?? [])];
  }

  async bye(agentId: string): Promise<Bye | undefined> {
    return this.#disk(agentId).bye;
  }

  async remove(agentId: string, service?: string): Promise<void> {
    const disk = this.#disk(agentId);
    if (service === undefined) disk.bye = undefined;
    else disk.written.delete(service);
  }

  /** Whether a unit's success is written down. */
  holdsSuccess(agentId: string, service: string, unit: number): boolean {
    const reports = this.#disk(agentId).written.get(service) ?? [];
    return reports.some(({ ended }) => {
      const row = ended?.units.indexOf(unit) ?? -1;
      return ended?.exitCodes[row] === 0;
    });
  }

  #write(agentId: string, write: (disk: Disk) => void): void {
    const disk = this.#disk(agentId);
    const pending = () => write(disk);
    disk.pending?.push(pending);
    this.#clock.after(this.#random.between(0, 5), () => {
      if (disk.pending?.includes(pending) !== true) return;
      // In order, whatever the times are.
      for (const due of disk.pending.splice(0, disk.pending.indexOf(pending) + 1)) due();
    });
  }

  #disk(agentId: string): Disk {
    const disk = this.#disks.get(agentId) ?? { written: new Map(), bye: undefined, pending: [] };
    this.#disks.set(agentId, disk);
    return disk;
  }
}
