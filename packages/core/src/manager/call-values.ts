/** What single calls have returned, or why they have not: of the attempts that ended last, as reports say it. */
import type { CallProblem } from '../model/call-problem.ts';
import type { EndedColumns } from '../protocol/messages.ts';

/** A structured clone; or what was wrong; or `null` where the value is a file of the service's. */
export type CallValue = Uint8Array | CallProblem | null;

/** Some of them in two columns, for a snapshot. */
export interface CallValuesDump {
  readonly units: Uint32Array;
  readonly values: readonly CallValue[];
}

/** A part of a snapshot has about so many bytes. */
const PART_BYTES = 256 * 1024;
/** What one takes beside its bytes, or what is wrong takes. */
const EACH_BYTES = 64;

/** Of all units of a service that call functions. */
export class CallValues {
  readonly #byUnit = new Map<number, CallValue>();

  /** Undefined while the unit has not ended so. */
  of(unit: number): CallValue | undefined {
    return this.#byUnit.get(unit);
  }

  /** Takes in how a single call has ended; `said` is what its report says beside, if anything. */
  ended(unit: number, isWell: boolean, said: Uint8Array | CallProblem | undefined): void {
    // A copy: it is a part of all that came with it. A Buffer's slice() would be none.
    if (said instanceof Uint8Array) this.#byUnit.set(unit, new Uint8Array(said));
    else if (said !== undefined) this.#byUnit.set(unit, said);
    else if (isWell) this.#byUnit.set(unit, null);
    else this.#byUnit.delete(unit);
  }

  /** All of them, in parts. Nothing in them changes afterwards. */
  dump(): CallValuesDump[] {
    const parts: CallValuesDump[] = [];
    let [units, values, bytes]: [number[], CallValue[], number] = [[], [], 0];
    const end = (): void => {
      if (units.length > 0) parts.push({ units: Uint32Array.from(units), values });
      [units, values, bytes] = [[], [], 0];
    };
    for (const [unit, value] of this.#byUnit) {
      units.push(unit);
      values.push(value);
      bytes += EACH_BYTES + (value instanceof Uint8Array ? value.length : 0);
      if (bytes >= PART_BYTES) end();
    }
    end();
    return parts;
  }

  /** Adds a part of a dump. */
  restore({ units, values }: CallValuesDump): void {
    values.forEach((value, i) => void this.#byUnit.set(units[i] as number, value));
  }
}

/** What a report says of values, by its rows. */
export function saidOf({ values }: EndedColumns): ReadonlyMap<number, Uint8Array | CallProblem> {
  return values === undefined ? NOTHING : new Map(values);
}

const NOTHING: ReadonlyMap<number, never> = new Map<number, never>();
