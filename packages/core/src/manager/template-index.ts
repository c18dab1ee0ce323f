/**
 * Which descriptions share a template: those that are equal but for what usually varies.
 *
 * A million descriptions of one shape are parsed once. What an object held when it was seen counts,
 * not the object: people change one in place and hand it over again.
 */
import type { CallCommand } from '../model/call-command.ts';
import { readFileTransfer, refuseStreamTargets } from '../model/file-transfer.ts';
import {
  type ParsedWorkUnitDescription,
  parseWorkUnitDescription,
  type WorkUnitDescription,
} from '../model/work-unit-description.ts';
import { refuseLarge } from './description-size.ts';
import { bitOf, type ResolveName, type Varying } from './own-part.ts';
import { plainKey } from './plain-key.ts';
import type { TemplateRecord } from './work-events.ts';
import type { WorkState } from './work-state.ts';

/** A description that others may share. */
export interface Known {
  readonly description: ParsedWorkUnitDescription;
  /** What is called where no program runs. */
  readonly call: CallCommand | undefined;
  /** The fixed attributes as they were written. */
  readonly fixed: Readonly<Record<string, unknown>>;
  readonly fixedCount: number;
  readonly varying: Varying;
  /** At most what its description takes in the journal. */
  readonly bytes: number;
  /** The template's number, once a submission has named it. */
  id: number | undefined;
}

/** What a description is told apart by from others. */
interface Shape {
  readonly fixed: Readonly<Record<string, unknown>>;
  readonly call: CallCommand | undefined;
  readonly resolve: ResolveName;
}

function keyOf(key: string, call: CallCommand | undefined): string {
  return call === undefined ? key : `${key} ${plainKey(call)}`;
}

function isVarying(name: string): boolean {
  return name === 'dependsOn' || bitOf(name) !== 0;
}

/**
 * So many are looked at before a description is taken apart: whoever submits one unit after the other takes
 * turns with a few kinds. On a machine that has rested it is taken in 18 µs earlier then, of 62.
 */
const RECENT = 4;

/** The templates that descriptions have been seen to share; one for each service. */
export class TemplateIndex {
  readonly #state: WorkState;
  readonly #known = new Map<string, Known>();
  /** Those that were looked for last, the newest first. */
  readonly #recent: Known[] = [];

  constructor(state: WorkState) {
    this.#state = state;
  }

  /**
   * What a description shares with others.
   *
   * @param call what is called where no program runs; the same object for as many as possible
   *
   * @throws DescriptionError for one that is of a new kind and wrong.
   */
  find(description: WorkUnitDescription, resolve: ResolveName, call?: CallCommand): Known {
    for (const known of this.#recent) {
      if (known.call === call && hasSameFixed(description, known)) return known;
    }
    const found = this.#look(description, resolve, call);
    if (!this.#recent.includes(found) && this.#recent.unshift(found) > RECENT) this.#recent.pop();
    return found;
  }

  #look(
    description: WorkUnitDescription,
    resolve: ResolveName,
    call: CallCommand | undefined,
  ): Known {
    const fixed = fixedOf(description);
    const shape = { fixed, call, resolve };
    const key = plainKey(fixed);
    // What is not plain data, such as a PilotJob, is compared by what it is read as.
    if (key === undefined) return this.#findParsed(description, shape);
    const known = this.#known.get(keyOf(key, call));
    return known ?? this.#learn(key, parseWorkUnitDescription(description), shape);
  }

  /**
   * Gives each a template's number, as the next submission would; returns those that are new.
   *
   * A submission that never reached the manager leaves numbers behind that mean nothing or another.
   */
  number(shared: Iterable<Known>): TemplateRecord[] {
    const { templates } = this.#state;
    const added = new Map<Known, TemplateRecord>();
    for (const known of shared) {
      if (added.has(known)) continue;
      const { id, description } = known;
      if (id !== undefined && templates.at(id)?.description === description) continue;
      known.id = templates.size + added.size;
      added.set(known, { id: known.id, description: description });
    }
    return [...added.values()];
  }

  #findParsed(description: WorkUnitDescription, shape: Shape): Known {
    const parsed = parseWorkUnitDescription(description);
    const key = `parsed ${plainKey(fixedOf(parsed))}`;
    return this.#known.get(keyOf(key, shape.call)) ?? this.#learn(key, parsed, shape);
  }

  #learn(key: string, parsed: ParsedWorkUnitDescription, { fixed, call, resolve }: Shape): Known {
    const { dependsOn: _, ...others } = parsed;
    const fileTransfer = others.fileTransfer && readFileTransfer(others.fileTransfer, resolve);
    if (fileTransfer !== undefined) refuseStreamTargets(fileTransfer, others);
    const shared = {
      ...others,
      ...(fileTransfer && { fileTransfer }),
      ...(call && { call }),
    };
    // A copy: what was handed over is the user's, and may change.
    const json = JSON.stringify(shared);
    refuseLarge(json);
    const description = JSON.parse(json) as ParsedWorkUnitDescription;
    const known = {
      description,
      call,
      fixed,
      fixedCount: Object.keys(fixed).length,
      varying: description as Varying,
      bytes: json.length * 3,
      id: undefined,
    };
    this.#known.set(keyOf(key, call), known);
    return known;
  }
}

function fixedOf(description: object): Readonly<Record<string, unknown>> {
  const entries = Object.entries(description);
  return Object.fromEntries(
    entries.filter(([name, value]) => !isVarying(name) && value !== undefined),
  );
}

function hasSameFixed(description: WorkUnitDescription, { fixed, fixedCount }: Known): boolean {
  let count = 0;
  for (const name in description) {
    if (isVarying(name)) continue;
    const value = description[name as keyof WorkUnitDescription];
    if (value === undefined) continue;
    // Objects may have been changed in place since: those are compared by content, elsewhere.
    if (value !== fixed[name] || typeof value === 'object') return false;
    count++;
  }
  return count === fixedCount;
}
