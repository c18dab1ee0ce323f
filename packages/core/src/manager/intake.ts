/**
 * Turns descriptions into a submission: all of them checked before any of them counts.
 *
 * What many descriptions share becomes a template that is parsed once. A description that differs
 * from the one before only in what usually differs (arguments, files, name, …) is checked by hand
 * in a fraction of a microsecond instead of being parsed by its schema in several.
 */
import { normalizeDependencies } from '../model/dependency.ts';
import { DescriptionError, PilotError } from '../model/errors.ts';
import {
  parseWorkUnitDescription,
  type WorkUnitDescription,
} from '../model/work-unit-description.ts';
import { EdgeResolver } from './edge-resolver.ts';
import { ownPart, VARYING, type Varying } from './own-part.ts';
import type { Template } from './templates.ts';
import type { Submission } from './work-events.ts';
import type { WorkState } from './work-state.ts';

/** A template with the description that it was made from, to compare the next ones with. */
interface Known {
  readonly template: Template;
  /** The fixed attributes as they were written. */
  readonly fixed: Readonly<Record<string, unknown>>;
  readonly fixedCount: number;
  readonly varying: Varying;
}

const isVarying: ReadonlySet<string> = new Set([...VARYING, 'dependsOn']);

/** The templates that descriptions have been seen to share; one for each service. */
export class TemplateIndex {
  readonly #state: WorkState;
  readonly #known = new Map<string, Known>();

  constructor(state: WorkState) {
    this.#state = state;
  }

  /** The template whose fixed attributes are those of the description, made if there is none. */
  find(description: WorkUnitDescription, last: Known | undefined): Known {
    if (last && hasSameFixed(description, last)) return last;
    const fixed = Object.fromEntries(
      Object.entries(description).filter(
        ([key, value]) => !isVarying.has(key) && value !== undefined,
      ),
    );
    const key = JSON.stringify(fixed);
    const found = this.#known.get(key);
    if (found) return found;
    const { dependsOn: _, ...parsed } = parseWorkUnitDescription(description);
    const known = {
      template: this.#state.templates.add(parsed),
      fixed,
      fixedCount: Object.keys(fixed).length,
      varying: parsed as Varying,
    };
    this.#known.set(key, known);
    return known;
  }
}

/** Gathers one submit. Nothing of it is in the manager before {@link Intake.finish} has returned. */
export class Intake {
  readonly #index: TemplateIndex;
  readonly #edges: EdgeResolver;
  readonly #runs: number[] = [];
  #own: (string | null)[] | undefined;
  #count = 0;
  #last: Known | undefined;

  constructor(index: TemplateIndex, state: WorkState, serviceId: string) {
    this.#index = index;
    this.#edges = new EdgeResolver(state, serviceId);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws DescriptionError that names the attribute, and the row when there are several. */
  add(description: WorkUnitDescription): void {
    const row = this.#count;
    try {
      this.#add(description, row);
    } catch (error) {
      throw withRow(error, row);
    }
    this.#count++;
  }

  /** @throws PilotError `DEPENDENCY_UNKNOWN` or `DEPENDENCY_CIRCULAR`. */
  finish(): Submission {
    const edges = this.#edges.resolve(this.#count);
    return {
      count: this.#count,
      runs: this.#runs,
      ...(this.#own && { own: padded(this.#own, this.#count) }),
      ...(edges.length > 0 && { edges }),
    };
  }

  #add(description: WorkUnitDescription, row: number): void {
    if (typeof description !== 'object' || description === null)
      parseWorkUnitDescription(description);
    const known = this.#index.find(description, this.#last);
    this.#last = known;
    const own = ownPart(description, known.varying);
    if (own !== null) {
      this.#own = padded(this.#own ?? [], row);
      this.#own.push(own);
    }
    this.#countRun(known.template.id);
    const group = known.template.group?.id;
    if (description.name !== undefined) this.#edges.name(row, description.name);
    if (group !== undefined) this.#edges.member(row, group);
    if (description.dependsOn !== undefined) {
      this.#edges.add(row, normalizeDependencies(description.dependsOn));
    }
  }

  #countRun(template: number): void {
    const at = this.#runs.length - 2;
    if (at >= 0 && this.#runs[at] === template)
      this.#runs[at + 1] = (this.#runs[at + 1] as number) + 1;
    else this.#runs.push(template, 1);
  }
}

function hasSameFixed(description: WorkUnitDescription, { fixed, fixedCount }: Known): boolean {
  let count = 0;
  for (const key in description) {
    const value = description[key as keyof WorkUnitDescription];
    if (value === undefined || isVarying.has(key)) continue;
    // Objects may have been changed in place since: those are compared by content, elsewhere.
    if (value !== fixed[key] || typeof value === 'object') return false;
    count++;
  }
  return count === fixedCount;
}

function padded(own: (string | null)[], length: number): (string | null)[] {
  while (own.length < length) own.push(null);
  return own;
}

/** The same error, saying which of the descriptions it is about. */
function withRow(error: unknown, row: number): unknown {
  if (error instanceof DescriptionError) return error.at(row);
  if (error instanceof PilotError) {
    return new PilotError(error.code, `description ${row}: ${error.problem}`, {
      ...(error.subject !== undefined && { subject: error.subject }),
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    });
  }
  return error;
}
