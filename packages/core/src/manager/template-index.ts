/**
 * Which descriptions share a template: those that are equal but for what usually varies.
 *
 * A million descriptions of one shape are parsed once. What an object held when it was seen counts,
 * not the object: people change one in place and hand it over again.
 */
import { readFileTransfer } from '../model/file-transfer.ts';
import {
  type ParsedWorkUnitDescription,
  parseWorkUnitDescription,
  type WorkUnitDescription,
} from '../model/work-unit-description.ts';
import { bitOf, type ResolveName, type Varying } from './own-part.ts';
import { plainKey } from './plain-key.ts';
import type { TemplateRecord } from './work-events.ts';
import type { WorkState } from './work-state.ts';

/** A description that others may share. */
export interface Known {
  readonly description: ParsedWorkUnitDescription;
  /** The fixed attributes as they were written. */
  readonly fixed: Readonly<Record<string, unknown>>;
  readonly fixedCount: number;
  readonly varying: Varying;
  /** At most what its description takes in the journal. */
  readonly bytes: number;
  /** The template's number, once a submission has named it. */
  id: number | undefined;
}

function isVarying(name: string): boolean {
  return name === 'dependsOn' || bitOf(name) !== 0;
}

/** The templates that descriptions have been seen to share; one for each service. */
export class TemplateIndex {
  readonly #state: WorkState;
  readonly #known = new Map<string, Known>();

  constructor(state: WorkState) {
    this.#state = state;
  }

  /**
   * What a description shares with others. `last` is looked at first.
   *
   * @throws DescriptionError for one that is of a new kind and wrong.
   */
  find(description: WorkUnitDescription, last: Known | undefined, resolve: ResolveName): Known {
    if (last && hasSameFixed(description, last)) return last;
    const fixed = fixedOf(description);
    const key = plainKey(fixed);
    // What is not plain data, such as a PilotJob, is compared by what it is read as.
    if (key === undefined) return this.#findParsed(description, fixed, resolve);
    const known = this.#known.get(key);
    return known ?? this.#learn(key, fixed, parseWorkUnitDescription(description), resolve);
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

  #findParsed(
    description: WorkUnitDescription,
    fixed: Readonly<Record<string, unknown>>,
    resolve: ResolveName,
  ): Known {
    const parsed = parseWorkUnitDescription(description);
    const key = `parsed ${plainKey(fixedOf(parsed))}`;
    return this.#known.get(key) ?? this.#learn(key, fixed, parsed, resolve);
  }

  #learn(
    key: string,
    fixed: Readonly<Record<string, unknown>>,
    parsed: ParsedWorkUnitDescription,
    resolve: ResolveName,
  ): Known {
    const { dependsOn: _, ...others } = parsed;
    const { fileTransfer } = others;
    const shared = {
      ...others,
      ...(fileTransfer && { fileTransfer: readFileTransfer(fileTransfer, resolve) }),
    };
    // A copy: what was handed over is the user's, and may change.
    const json = JSON.stringify(shared);
    const description = JSON.parse(json) as ParsedWorkUnitDescription;
    const known = {
      description,
      fixed,
      fixedCount: Object.keys(fixed).length,
      varying: description as Varying,
      bytes: json.length * 3,
      id: undefined,
    };
    this.#known.set(key, known);
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
