/**
 * What the user has asked for, by the user's own record: each description has a token, which its
 * unit carries as an argument, so that a process shows what it was meant to be.
 */
import type { Run } from '../../packages/core/src/agent/service-work.ts';
import type { WorkUnitDescription } from '../../packages/core/src/model/work-unit-description.ts';

export interface DependencyAsked {
  /** Tokens, all of which must be over. */
  readonly tokens: readonly number[];
  readonly on: 'done' | 'finished';
}

export interface Asked {
  readonly token: number;
  readonly description: WorkUnitDescription;
  readonly dependencies: readonly DependencyAsked[];
  /** The user was told that it was not taken. */
  isRefused?: boolean;
  /** Its number, once the user has been told. */
  unit?: number;
  /** The last attempt that may start, since its cancel was acknowledged. */
  lastAttempt?: number;
}

export class Requests {
  readonly all: Asked[] = [];
  readonly #byUnit = new Map<number, Asked>();

  /** Those that the user was told are durable. */
  get acknowledged(): readonly Asked[] {
    return [...this.#byUnit.values()];
  }

  ofUnit(unit: number): Asked | undefined {
    return this.#byUnit.get(unit);
  }

  acknowledge(asked: readonly Asked[], first: number): void {
    asked.forEach((each, i) => {
      each.unit = first + i;
      this.#byUnit.set(first + i, each);
    });
  }

  /** What a process was meant to be; undefined when it is not what was asked for under its number. */
  ofRun({ unit, own, template }: Run): Asked | undefined {
    const { arguments: [token] = [] } = { ...template.command, ...JSON.parse(own ?? '{}') };
    const asked = this.all[Number(token)];
    return asked === undefined || (asked.unit ?? unit) === unit ? asked : undefined;
  }

  /** The units that one must wait for. Those of one submit have numbers in a row. */
  dependenciesOf(asked: Asked, unit: number): { unit: number; on: DependencyAsked['on'] }[] {
    return asked.dependencies.flatMap(({ tokens, on }) =>
      tokens.map((token) => {
        const target = this.all[token] as Asked;
        return { unit: target.unit ?? unit + token - asked.token, on };
      }),
    );
  }
}
