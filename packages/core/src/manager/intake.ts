/**
 * Turns descriptions into a submission: all of them checked before any of them counts.
 *
 * What many descriptions share becomes a template that is parsed once. A description that differs
 * from the one before only in what usually differs (arguments, files, name, …) is checked by hand
 * in a fraction of a microsecond instead of being parsed by its schema in several.
 */
import type { CallCommand } from '../model/call-command.ts';
import { normalizeDependencies } from '../model/dependency.ts';
import { DescriptionError } from '../model/errors.ts';
import { unitId } from '../model/ids.ts';
import type { PackedArgs } from '../model/packed-args.ts';
import {
  parseWorkUnitDescription,
  type WorkUnitDescription,
} from '../model/work-unit-description.ts';
import { findCircle } from './circles.ts';
import { circular, EdgeResolver } from './edge-resolver.ts';
import { isNameOnly, ownPart, type ResolveName } from './own-part.ts';
import type { Known, TemplateIndex } from './template-index.ts';
import type { SubmissionPart, Submitted, TemplateRecord } from './work-events.ts';
import type { WorkState } from './work-state.ts';

/** So many rows to a part: some milliseconds to be entered, encoded or read. */
const PART_ROWS = 16_384;

/** How a submit is taken in. */
export interface IntakeOptions {
  readonly partRows?: number | undefined;
  /** What a relative name on the submitting machine stands for; by default it stays as it is. */
  readonly resolve?: ResolveName;
}

/** What a unit calls that runs no program, beside a description without `args`. */
export interface IntakeCall {
  /** The same object for as many units as possible. */
  readonly command: CallCommand;
  /** Of a single call that has any. */
  readonly args?: PackedArgs;
}

/** Descriptions in a row that share a template. */
interface Run {
  readonly known: Known;
  count: number;
}

/** Gathers one submit. The manager and its state do not change by it. */
export class Intake {
  readonly #index: TemplateIndex;
  readonly #state: WorkState;
  readonly #serviceId: string;
  readonly #partRows: number;
  readonly #resolve: ResolveName;
  readonly #edges: EdgeResolver;
  readonly #runs: Run[] = [];
  readonly #parts: SubmissionPart[] = [];
  /** How many of the parts have had the names in their edges resolved to rows. */
  #resolved = 0;
  /** Rows that parts have been made of. */
  #parted = 0;
  /** What the rows after those have of their own. */
  #own: (string | null)[] | undefined;
  #onlyNames = true;
  #count = 0;
  #bytes = 0;

  constructor(
    index: TemplateIndex,
    state: WorkState,
    serviceId: string,
    { partRows = PART_ROWS, resolve = (name) => name }: IntakeOptions = {},
  ) {
    this.#index = index;
    this.#state = state;
    this.#serviceId = serviceId;
    this.#partRows = partRows;
    this.#resolve = resolve;
    this.#edges = new EdgeResolver(state, serviceId);
  }

  get count(): number {
    return this.#count;
  }

  /** How many edges there are. */
  get edges(): number {
    return this.#edges.count;
  }

  /** About how many bytes the own parts, the edges and the templates will take in the journal. */
  get bytes(): number {
    return this.#bytes + this.#edges.bytes;
  }

  /** The pilots that some of them may run on alone. */
  get pilotJobs(): ReadonlySet<string> {
    return new Set(this.#runs.flatMap(({ known }) => known.description.pilotJob ?? []));
  }

  /** @throws DescriptionError that names the attribute and the row. */
  add(description: WorkUnitDescription, call?: IntakeCall): void {
    const row = this.#count;
    try {
      this.#add(description, row, call);
    } catch (error) {
      throw error instanceof DescriptionError ? error.at(row) : error;
    }
    this.#count++;
    if (this.#count - this.#parted === this.#partRows) this.#endPart();
  }

  /**
   * What very many rows have of their own and wait for, part by part, once all were added: to be encoded
   * one at a time before {@link finish}, which makes those that nobody has asked for. Nothing for few.
   *
   * @throws DescriptionError `DEPENDENCY_UNKNOWN` or `DEPENDENCY_CIRCULAR`.
   */
  *parts(): Generator<SubmissionPart> {
    if (this.#parted > 0 && this.#parted < this.#count) this.#endPart();
    while (this.#resolved < this.#parts.length) {
      const part = this.#parts[this.#resolved++] as SubmissionPart;
      if (part.edges) this.#edges.resolve(part.edges);
      yield part;
    }
  }

  /**
   * The submission of all that was added. It holds for the present state only: the manager must
   * have it before anything else.
   *
   * @throws DescriptionError `DEPENDENCY_UNKNOWN` or `DEPENDENCY_CIRCULAR`.
   */
  finish(): Submitted {
    const unasked = this.parts();
    while (unasked.next().done !== true);
    const edges = this.#edges.take();
    this.#edges.resolve(edges);
    const templates = this.#index.number(this.#runs.map(({ known }) => known));
    this.#refuseCircles(edges, this.#groupsOf(templates));
    const { groups } = this.#edges;
    return {
      first: this.#state.units.size,
      count: this.#count,
      templates,
      runs: this.#runs.flatMap(({ known, count }) => [known.id as number, count]),
      ...(this.#own && { own: padded(this.#own, this.#count) }),
      ...(edges.length > 0 && { edges }),
      ...(groups.length > 0 && { groups }),
      ...(this.#parts.length > 0 && { parts: this.#parts }),
    };
  }

  #add(description: WorkUnitDescription, row: number, call: IntakeCall | undefined): void {
    if (typeof description !== 'object' || description === null)
      parseWorkUnitDescription(description);
    const last = this.#runs.at(-1);
    const known = this.#index.find(description, this.#resolve, call?.command);
    const own = ownPart(description, known.varying, this.#resolve, call?.args);
    if (own !== null) {
      this.#own = padded(this.#own ?? [], row - this.#parted);
      this.#own.push(own);
      this.#onlyNames &&= isNameOnly(own);
      // What is in base64 takes a byte each.
      this.#bytes += own.length * 3 - 2 * (call?.args?.inline.length ?? 0);
    }
    if (description.name !== undefined) this.#edges.name(row, description.name);
    if (description.dependsOn !== undefined) {
      const { group } = known.description;
      this.#edges.add(row, normalizeDependencies(description.dependsOn), group);
    }
    if (last?.known === known) last.count++;
    else {
      this.#runs.push({ known, count: 1 });
      this.#bytes += known.bytes;
    }
  }

  #endPart(): void {
    const row = this.#parted;
    const count = this.#count - row;
    const edges = this.#edges.take();
    const own = this.#own && padded(this.#own, count).join('\n');
    const onlyNames = this.#onlyNames;
    this.#parted = this.#count;
    this.#own = undefined;
    this.#onlyNames = true;
    if (own === undefined && edges.length === 0) return;
    this.#parts.push({
      type: 'part',
      row,
      count,
      ...(own !== undefined && { own }),
      ...(own !== undefined && onlyNames && { onlyNames }),
      ...(edges.length > 0 && { edges }),
    });
  }

  #refuseCircles(edges: Uint32Array, newGroups: ReadonlyMap<string, number>): void {
    // As in most submits, nobody waits, and nobody can be waited for.
    const isInGroup = ({ known }: Run) => known.description.group !== undefined;
    if (this.edges === 0 && !this.#runs.some(isInGroup)) return;
    const circle = findCircle(
      {
        edges: [...this.#parts.flatMap((part) => part.edges ?? []), edges],
        looksAhead: this.#edges.looksAhead,
        groups: this.#edges.groupNumbers(newGroups),
        first: this.#state.units.size,
        runs: this.#runs.map(({ known, count }) => ({ count, group: known.description.group })),
        newGroups,
      },
      this.#state,
      (unit) => unitId(this.#serviceId, unit),
    );
    if (circle === undefined) return;
    throw circular(circle.row, `waits for ${inShort(circle.path).join(', which waits for ')}`);
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

/** The beginning and the end of a long path. */
function inShort(path: readonly string[]): readonly string[] {
  if (path.length <= 8) return path;
  return [...path.slice(0, 4), `… ${path.length - 8} more …`, ...path.slice(-4)];
}
