/**
 * Turns descriptions into a submission: all of them checked before any of them counts.
 *
 * What many descriptions share becomes a template that is parsed once. A description that differs
 * from the one before only in what usually differs (arguments, files, name, …) is checked by hand
 * in a fraction of a microsecond instead of being parsed by its schema in several.
 */
import { normalizeDependencies } from '../model/dependency.ts';
import { DescriptionError } from '../model/errors.ts';
import {
  parseWorkUnitDescription,
  type WorkUnitDescription,
} from '../model/work-unit-description.ts';
import { EdgeResolver } from './edge-resolver.ts';
import { ownPart } from './own-part.ts';
import type { Known, TemplateIndex } from './template-index.ts';
import type { Submission, TemplateRecord } from './work-events.ts';
import type { WorkState } from './work-state.ts';

export { TemplateIndex } from './template-index.ts';

/** Descriptions in a row that share a template. */
interface Run {
  readonly known: Known;
  count: number;
}

/** Gathers one submit. The manager and its state do not change by it. */
export class Intake {
  readonly #index: TemplateIndex;
  readonly #state: WorkState;
  readonly #edges: EdgeResolver;
  readonly #runs: Run[] = [];
  #own: (string | null)[] | undefined;
  #count = 0;
  #bytes = 0;

  constructor(index: TemplateIndex, state: WorkState, serviceId: string) {
    this.#index = index;
    this.#state = state;
    this.#edges = new EdgeResolver(state, serviceId);
  }

  get count(): number {
    return this.#count;
  }

  /** About what the own parts, the edges and the templates will take in the journal. */
  get bytes(): number {
    return this.#bytes + this.#edges.bytes;
  }

  /** @throws DescriptionError that names the attribute, and the row when there are several. */
  add(description: WorkUnitDescription): void {
    const row = this.#count;
    try {
      this.#add(description, row);
    } catch (error) {
      throw error instanceof DescriptionError ? error.at(row) : error;
    }
    this.#count++;
  }

  /**
   * The submission of all that was added. It holds for the present state only: the manager must
   * have it before anything else.
   *
   * @throws DescriptionError `DEPENDENCY_UNKNOWN` or `DEPENDENCY_CIRCULAR`.
   */
  finish(): Submission {
    const first = this.#state.units.size;
    const templates = this.#index.number(this.#runs.map(({ known }) => known));
    const runs = this.#runs.map(({ known, count }) => ({ count, group: known.description.group }));
    const edges = this.#edges.resolve(first, runs, this.#groupsOf(templates));
    return {
      first,
      count: this.#count,
      templates,
      runs: this.#runs.flatMap(({ known, count }) => [known.id as number, count]),
      ...(this.#own && { own: padded(this.#own, this.#count) }),
      ...(edges.length > 0 && { edges }),
    };
  }

  #add(description: WorkUnitDescription, row: number): void {
    if (typeof description !== 'object' || description === null)
      parseWorkUnitDescription(description);
    const last = this.#runs.at(-1);
    const known = this.#index.find(description, last?.known);
    const own = ownPart(description, known.varying);
    if (own !== null) {
      this.#own = padded(this.#own ?? [], row);
      this.#own.push(own);
      this.#bytes += own.length * 3;
    }
    if (description.name !== undefined) this.#edges.name(row, description.name);
    if (description.dependsOn !== undefined) {
      this.#edges.add(row, normalizeDependencies(description.dependsOn));
    }
    if (last?.known === known) last.count++;
    else {
      this.#runs.push({ known, count: 1 });
      this.#bytes += known.bytes;
    }
  }

  /** The groups that new templates make, with the numbers that they will get. */
  #groupsOf(templates: readonly TemplateRecord[]): Map<string, number> {
    const { dependencies } = this.#state;
    const made = new Map<string, number>();
    for (const { description } of templates) {
      const { group } = description;
      if (group === undefined || made.has(group) || dependencies.group(group)) continue;
      made.set(group, dependencies.groups.length + made.size);
    }
    return made;
  }
}

function padded(own: (string | null)[], length: number): (string | null)[] {
  while (own.length < length) own.push(null);
  return own;
}
