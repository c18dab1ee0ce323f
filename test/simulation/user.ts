/** A user who submits whatever there is to submit, depends on it, and changes their mind. */
import type { Dependency } from '../../packages/core/src/model/dependency.ts';
import type { WorkUnitDescription } from '../../packages/core/src/model/work-unit-description.ts';
import { INPUT, OUTPUT } from './ledger.ts';
import type { ManagerLife } from './manager.ts';
import { ENDLESS } from './processes.ts';
import type { Random } from './random.ts';
import type { Asked, DependencyAsked, Requests } from './requests.ts';
import type { Witness } from './witness.ts';

const GIB = 2 ** 30;

/** Times are in seconds. All of them fit onto the widest node. */
const SHAPES: readonly Partial<WorkUnitDescription>[] = [
  {},
  {},
  { totalCpuCount: 2 },
  { totalCpuCount: 4, priority: 2 },
  { totalPhysicalMemory: 3 * GIB },
  { gpus: 1 },
  { priority: -1, retries: 2 },
  { retries: { limit: 3, delay: 2, backoff: 'exponential' } },
  { restartOnPilotLoss: false },
  { restartOnPilotLoss: false, totalCpuCount: 3 },
  { maxCancellationTime: 1, estimatedRunTime: 5 },
  { group: 'g' },
  { group: 'h', priority: 1 },
];

const FILES: readonly Partial<WorkUnitDescription>[] = [
  { fileTransfer: [INPUT] },
  { fileTransfer: [OUTPUT] },
  { fileTransfer: [INPUT, OUTPUT] },
  { input: '/home/data', output: '/home/result' },
  { output: '/home/result', fileTransfer: [INPUT] },
];

export interface UserParts {
  readonly requests: Requests;
  readonly witness: Witness;
}

export class User {
  readonly #parts: UserParts;

  constructor(parts: UserParts) {
    this.#parts = parts;
  }

  submit(manager: ManagerLife, random: Random): void {
    const { requests } = this.#parts;
    const asked: Asked[] = [];
    for (let left = random.between(1, 6); left > 0; left--) {
      const token = requests.all.length + asked.length;
      asked.push(this.#describe(token, asked, manager.now, random));
    }
    requests.all.push(...asked);
    const descriptions = asked.map(({ description }) => description);
    manager.submit(descriptions, {
      accepted: (first) => {
        this.#parts.witness.accepted(first, asked.length);
        requests.acknowledge(asked, first);
      },
      refused: () => {
        for (const each of asked) each.isRefused = true;
      },
    });
  }

  cancel(manager: ManagerLife, random: Random): void {
    const { requests } = this.#parts;
    const known = requests.acknowledged;
    if (known.length === 0) return;
    const group = random.chance(0.1) ? random.pick(['g', 'h']) : undefined;
    this.cancelAll(
      manager,
      group === undefined
        ? Array.from({ length: random.between(1, 3) }, () => random.pick(known))
        : known.filter(({ description }) => description.group === group),
    );
  }

  /** No attempt may start that is later than those there were when the cancel was acknowledged. */
  cancelAll(manager: ManagerLife, asked: readonly Asked[]): void {
    const units = asked.map(({ unit }) => unit as number);
    const { state } = manager.core.manager;
    manager.cancel(units, () => {
      this.#parts.witness.canceled(units);
      for (const each of asked) each.lastAttempt ??= state.attempt(each.unit as number);
    });
  }

  #describe(token: number, before: readonly Asked[], now: number, random: Random): Asked {
    const shape = random.pick(SHAPES);
    const dependencies: DependencyAsked[] = [];
    const dependsOn: Dependency[] = [];
    while (random.chance(0.3)) this.#depend(shape, before, { dependencies, dependsOn }, random);
    const description = {
      executable: 'simulated',
      name: `n${token}`,
      arguments: random.chance(0.06) ? [token, ENDLESS] : [token],
      ...shape,
      ...(random.chance(0.1) && { startTime: now / 1000 + random.between(1, 6) }),
      ...(random.chance(0.04) && { pilotJob: 'p0' }),
      ...(dependsOn.length > 0 && { dependsOn }),
      ...(random.chance(0.25) && random.pick(FILES)),
    };
    return { token, description, dependencies };
  }

  #depend(
    { group }: Partial<WorkUnitDescription>,
    before: readonly Asked[],
    { dependencies, dependsOn }: { dependencies: DependencyAsked[]; dependsOn: Dependency[] },
    random: Random,
  ): void {
    const { requests } = this.#parts;
    const on = random.pick(['done', 'done', 'finished'] as const);
    const known = requests.acknowledged;
    // Whoever is in a group waits for no group and nobody: that could only be a circle.
    if (group !== undefined) return;
    if (random.chance(0.2) && known.some((each) => each.description.group === 'g')) {
      const members = [...known, ...before].filter((each) => each.description.group === 'g');
      dependencies.push({ tokens: members.map(({ token }) => token), on });
      dependsOn.push({ group: 'g', on });
    } else if (before.length > 0 && random.chance(0.5)) {
      const { token } = random.pick(before);
      dependencies.push({ tokens: [token], on });
      dependsOn.push({ unit: `n${token}`, on });
    } else if (known.length > 0) {
      const { token, unit } = random.pick(known);
      dependencies.push({ tokens: [token], on });
      dependsOn.push({ unit: `work.${unit}`, on });
    }
  }
}
