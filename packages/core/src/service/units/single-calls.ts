/**
 * Makes of descriptions that call a function what a submit takes in: the code as a bundle, and the
 * arguments as bytes, both durable before any unit is. For one submit, which bundles each module once.
 */
import type { IntakeCall } from '../../manager/intake.ts';
import { readArgs } from '../../model/call-attributes.ts';
import type { CallCommand } from '../../model/call-command.ts';
import { type Dependency, normalizeDependencies } from '../../model/dependency.ts';
import { DescriptionError } from '../../model/errors.ts';
import { parseUnitId } from '../../model/ids.ts';
import type { PackedArgs } from '../../model/packed-args.ts';
import {
  parseWorkUnitDescription,
  type WorkUnitDescription,
} from '../../model/work-unit-description.ts';
import { encodeValue } from '../../runtime/values.ts';
import type { WorkCore } from './work-core.ts';
import { WorkUnitView } from './work-unit-view.ts';

/**
 * Lists of arguments larger than this are not kept as a whole in the journal, whose records are in memory as
 * well: their large arguments become files.
 */
const INLINE_BYTES = 16 * 1024;
/** Arguments smaller than this stay in the journal all the same: a file would cost more. */
const FILE_BYTES = 4 * 1024;

/** A description without `args`, and what it calls. */
export interface PreparedCall {
  readonly description: WorkUnitDescription;
  readonly call: IntakeCall;
}

/** A list of arguments, taken apart. */
interface Arguments {
  /** With holes for units, and for what is too large. */
  readonly list: unknown[];
  readonly units: readonly (readonly [place: number, unit: number])[];
  readonly large: readonly (readonly [place: number, bytes: Uint8Array])[];
  inline: Uint8Array;
}

/** The calls of one submit. */
export class SingleCalls {
  readonly #core: WorkCore;
  readonly #commands = new Map<string, CallCommand>();
  /** Files that were kept for arguments: for the unit that is being prepared, and for those that were added. */
  #kept: string[] = [];
  #byUnit: (readonly [place: number, files: readonly string[]])[] = [];

  constructor(core: WorkCore) {
    this.#core = core;
  }

  /**
   * Prepares one. Returns no promise, except for the first call of a function and for large arguments.
   *
   * @throws DescriptionError that names the attribute; PilotError `STORE_FULL` or `STORE_UNWRITABLE`,
   *   or why the module cannot be bundled.
   */
  prepare(description: WorkUnitDescription): PreparedCall | Promise<PreparedCall> {
    const command = this.#commands.get(keyOf(description));
    if (command === undefined) return this.#prepareFirst(description);
    const args = this.#take(description.args);
    if (args.large.length > 0) return this.#prepareLarge(description, command, args);
    return this.#prepared(description, command, args);
  }

  /** What was prepared last is unit `place` of the submit. */
  added(place: number): void {
    if (this.#kept.length === 0) return;
    this.#byUnit.push([place, this.#kept]);
    this.#kept = [];
  }

  /** The units are there, from this number on: their large arguments stay until they have ended. */
  accepted(first: number): void {
    for (const [place, files] of this.#byUnit)
      this.#core.values.arguments.give(first + place, files);
    this.#byUnit = [];
  }

  /** Nothing comes of what was not accepted. */
  drop(): void {
    const ofUnits = this.#byUnit.flatMap(([, files]) => files);
    this.#core.values.arguments.drop([...ofUnits, ...this.#kept]);
    this.#byUnit = [];
    this.#kept = [];
  }

  async #prepareFirst(description: WorkUnitDescription): Promise<PreparedCall> {
    // Before anything is done: it names what is wrong.
    const parsed = parseWorkUnitDescription(description);
    const { module = '', export: exportName = '', isolation = 'process' } = parsed;
    const { recycleAfter, memoryLimit, wallTimeLimit, initTimeLimit } = parsed;
    const { hash } = await this.#core.modules.bundleOf({ module: new URL(module), exportName });
    this.#commands.set(keyOf(description), {
      module: hash,
      export: exportName,
      isolation,
      ...(recycleAfter !== undefined && { recycleAfter }),
      ...(memoryLimit !== undefined && { memoryLimit }),
      ...(wallTimeLimit !== undefined && { timeLimit: wallTimeLimit }),
      ...(initTimeLimit !== undefined && { initTimeLimit }),
      isMap: false,
    });
    return this.prepare(description);
  }

  async #prepareLarge(
    description: WorkUnitDescription,
    command: CallCommand,
    args: Arguments,
  ): Promise<PreparedCall> {
    const files: [place: number, sha256: string][] = [];
    for (const [place, bytes] of args.large) {
      const sha256 = await this.#core.values.arguments.keep(bytes);
      this.#kept.push(sha256);
      files.push([place, sha256]);
    }
    return this.#prepared(description, command, args, files);
  }

  #prepared(
    { args: _, ...description }: WorkUnitDescription,
    command: CallCommand,
    { units, inline, list }: Arguments,
    files: PackedArgs['files'] = [],
  ): PreparedCall {
    const { module, dependsOn } = description;
    const args: PackedArgs = {
      ...(units.length > 0 && { values: units }),
      ...(files.length > 0 && { files }),
      inline: Buffer.from(inline.buffer, inline.byteOffset, inline.length).toString('base64'),
    };
    return {
      description: {
        ...description,
        ...(typeof module === 'object' && { module: module.href }),
        ...(units.length > 0 && { dependsOn: this.#dependsOn(dependsOn, units) }),
      },
      call: { command, ...(list.length > 0 && { args }) },
    };
  }

  #dependsOn(
    given: WorkUnitDescription['dependsOn'],
    units: Arguments['units'],
  ): readonly Dependency[] {
    const others = given === undefined ? [] : normalizeDependencies(given);
    return [
      ...others.map(({ to, ref, on }) => (to === 'unit' ? { unit: ref, on } : { group: ref, on })),
      ...units.map(([, unit]) => ({ id: `${this.#core.id}.${unit}` })),
    ];
  }

  #take(given: WorkUnitDescription['args'] = []): Arguments {
    try {
      const list = [...readArgs(given)];
      const units = this.#takeUnits(list);
      let inline = encodeValue(list);
      const large = inline.length > INLINE_BYTES ? takeLarge(list) : [];
      if (large.length > 0) inline = encodeValue(list);
      return { list, units, large, inline };
    } catch (error) {
      if (error instanceof DescriptionError) throw error.of('args');
      throw new DescriptionError('DESCRIPTION_INVALID', (error as Error).message, {
        subject: 'args',
        hint: 'pass plain data, typed arrays, dates, maps and sets',
        cause: error,
      });
    }
  }

  /** Puts holes where units stand for their values. */
  #takeUnits(list: unknown[]): [place: number, unit: number][] {
    const units: [number, number][] = [];
    list.forEach((arg, place) => {
      if (arg instanceof WorkUnitView) {
        units.push([place, this.#valuedUnit(arg.id)]);
        list[place] = undefined;
      } else if (holdsUnit(arg)) {
        throw refusal(
          'a unit within an argument has no value',
          'pass it as an argument of its own',
        );
      }
    });
    return units;
  }

  #valuedUnit(id: string): number {
    const { service, index } = parseUnitId(id) ?? { service: '', index: -1 };
    if (service !== this.#core.id) {
      throw refusal(`${id} is of another service`, 'await its value(), and pass that');
    }
    if (this.#core.manager.state.template(index).isSingleCall) return index;
    throw refusal(`${id} has no value`, 'let it call a function, or name it in dependsOn');
  }
}

/** Whatever makes a difference to what is called. */
function keyOf(description: WorkUnitDescription): string {
  const { module, isolation, recycleAfter, memoryLimit, wallTimeLimit } = description;
  const { initTimeLimit } = description;
  const url = typeof module === 'object' && module !== null ? module.href : module;
  const limits = [recycleAfter, memoryLimit, wallTimeLimit, initTimeLimit];
  return JSON.stringify([url, description.export, isolation, ...limits]);
}

/** Puts holes where there are large ones. In the form in which values are: a list with one alone. */
function takeLarge(list: unknown[]): [place: number, bytes: Uint8Array][] {
  const large: [number, Uint8Array][] = [];
  list.forEach((arg, place) => {
    if (isSmall(arg)) return;
    const bytes = encodeValue([arg]);
    if (bytes.length < FILE_BYTES) return;
    large.push([place, bytes]);
    list[place] = undefined;
  });
  return large;
}

/** Whether an argument is small at a glance: to encode a hundred thousand of them one by one takes seconds. */
function isSmall(arg: unknown): boolean {
  if (typeof arg === 'string') return arg.length < FILE_BYTES / 4;
  return typeof arg !== 'object' || arg === null;
}

/** A clone of a unit would be an object with nothing in it. */
function holdsUnit(arg: unknown): boolean {
  if (typeof arg !== 'object' || arg === null || ArrayBuffer.isView(arg)) return false;
  return Object.values(arg).some((each) => each instanceof WorkUnitView);
}

function refusal(problem: string, hint: string): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', problem, { hint });
}
