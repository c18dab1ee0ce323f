/**
 * What can be wrong with the world: one class with a stable code, the thing that it happened to,
 * the cause, and the way out. Defects of this program are assertions instead (assert.ts).
 */
import type { WorkUnitExit } from './exit.ts';
import { describeExit } from './exit.ts';
import { printable } from './printable.ts';

/** Every code, and whether the same call, unchanged, may succeed later. */
export const PILOT_ERROR_CODES = {
  ABORTED: false,
  ADAPTOR_FAILED: false,
  ADAPTOR_INCOMPATIBLE: false,
  ADAPTOR_NOT_FOUND: false,
  AGENT_FAILED: false,
  ALREADY_EXISTS: false,
  ATTRIBUTE_UNSUPPORTED: false,
  AUTHENTICATION_FAILED: false,
  CONNECTION_LOST: true,
  DEPENDENCY_CIRCULAR: false,
  DEPENDENCY_UNKNOWN: false,
  DESCRIPTION_INVALID: false,
  JOURNAL_DAMAGED: false,
  JOURNAL_VERSION: false,
  MODULE_UNUSABLE: false,
  NOT_FOUND: false,
  OPERATION_UNSUPPORTED: false,
  PERMISSION_DENIED: false,
  PILOT_LOST: false,
  PROTOCOL_MISMATCH: false,
  RESOURCE_MANAGER_UNREACHABLE: true,
  SERVICE_CLOSED: false,
  STORE_FULL: true,
  STORE_LOCKED: false,
  STORE_UNWRITABLE: false,
  TASK_FAILED: false,
  TIMEOUT: true,
  TRY_LATER: true,
  URL_INVALID: false,
  WORK_UNIT_CANCELED: false,
  WORK_UNIT_FAILED: false,
  WRONG_STATE: false,
} as const;

/** Says which kind of problem it is, for programs; codes are only ever added. */
export type PilotErrorCode = keyof typeof PILOT_ERROR_CODES;

/** What a PilotError knows besides its code and its problem. */
export interface PilotErrorOptions {
  /** What it happened to: a host, a path, an attribute, an id. */
  readonly subject?: string | undefined;
  /** The way out, as an imperative: `set slurm.path or load the module`. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** A PilotError as it crosses a wire or enters a journal. */
export interface PilotErrorData {
  readonly code: PilotErrorCode;
  readonly problem: string;
  readonly subject?: string;
  readonly hint?: string;
}

// Registered, not local, so that the errors of two installed copies of this package know each other.
const KINDS: unique symbol = Symbol.for('pstar.errorKinds') as never;

function isInstance(type: typeof PilotError, value: unknown): boolean {
  // Only the own kind counts: an inherited one would make a user's subclass match every base error.
  if (!Object.hasOwn(type, 'kind')) return Function.prototype[Symbol.hasInstance].call(type, value);
  const kinds = (value as { readonly [KINDS]?: unknown } | null | undefined)?.[KINDS];
  return Array.isArray(kinds) && kinds.includes(type.kind);
}

/**
 * Something is wrong outside of this program, and the message says what to do about it. Control characters
 * of what it quotes are written out there, as `\x1b`.
 *
 * `instanceof` holds between two installed copies of this package: it compares the class's own
 * `kind`, and falls back on the prototype chain for subclasses that declare none.
 */
export class PilotError extends Error {
  static readonly kind: string = 'PilotError';

  readonly code: PilotErrorCode;
  /** What is wrong, without the subject and the hint that `message` adds. */
  readonly problem: string;
  declare readonly subject?: string;
  declare readonly hint?: string;

  constructor(code: PilotErrorCode, problem: string, options: PilotErrorOptions = {}) {
    const { subject, hint, cause } = options;
    const message = printable(new.target.sentence(problem, options));
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.problem = problem;
    if (subject !== undefined) this.subject = subject;
    if (hint !== undefined) this.hint = hint;
  }

  /** The class's own `kind`. */
  // A getter on the prototype, because V8 writes the stack's first line before any field is set.
  override get name(): string {
    return (this.constructor as typeof PilotError).kind;
  }

  /** Whether the same call, unchanged, may succeed later. */
  get transient(): boolean {
    return PILOT_ERROR_CODES[this.code] ?? false;
  }

  /** The kinds of the class and of those that it extends, the most special first. */
  get [KINDS](): readonly string[] {
    const kinds: string[] = [];
    let type = this.constructor as typeof PilotError | null;
    for (; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
      if (Object.hasOwn(type, 'kind')) kinds.push(type.kind);
    }
    return kinds;
  }

  /** By `kind`, so that it holds between two installed copies of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class asked about may be a subclass
    return isInstance(this, value);
  }

  /** The error without its cause and its stack, as plain data. */
  toData(): PilotErrorData {
    const { code, problem, subject, hint } = this;
    return {
      code,
      problem,
      ...(subject !== undefined && { subject }),
      ...(hint !== undefined && { hint }),
    };
  }

  /** Rebuilds an error that came as data; a code that this version does not know is kept. */
  static fromData(data: PilotErrorData): PilotError {
    const { code, problem } = data;
    switch (code) {
      case 'DESCRIPTION_INVALID':
      case 'ATTRIBUTE_UNSUPPORTED':
      case 'DEPENDENCY_UNKNOWN':
      case 'DEPENDENCY_CIRCULAR':
        return new DescriptionError(code, problem, data);
      default:
        return new PilotError(code, problem, data);
    }
  }

  /** Builds `message`; static, because the message must exist before `this` does. */
  protected static sentence(problem: string, { subject, hint }: PilotErrorOptions): string {
    return `${problem}${subject ? ` (${subject})` : ''}${hint ? `; ${hint}` : ''}`;
  }
}

/** The codes that a description can be refused with. */
export type DescriptionErrorCode = Extract<
  PilotErrorCode,
  'DESCRIPTION_INVALID' | 'ATTRIBUTE_UNSUPPORTED' | 'DEPENDENCY_UNKNOWN' | 'DEPENDENCY_CIRCULAR'
>;

/** What a DescriptionError knows besides its code and its problem. */
export interface DescriptionErrorOptions extends PilotErrorOptions {
  /** Which of the descriptions of one submit it is, counted from 0. */
  readonly index?: number | undefined;
  /** What else is wrong with the description, a sentence each. */
  readonly others?: readonly string[] | undefined;
}

/** A description that cannot be accepted; `subject` is the attribute, and nothing was submitted. */
export class DescriptionError extends PilotError {
  static override readonly kind: string = 'DescriptionError';

  declare readonly code: DescriptionErrorCode;
  /** Which of the descriptions of one submit it is, counted from 0. */
  declare readonly index?: number;
  readonly #options: DescriptionErrorOptions;

  constructor(code: DescriptionErrorCode, problem: string, options: DescriptionErrorOptions = {}) {
    super(code, problem, options);
    if (options.index !== undefined) this.index = options.index;
    this.#options = options;
  }

  /** The same error, said of one among several descriptions. */
  at(index: number): DescriptionError {
    return new DescriptionError(this.code, this.problem, { ...this.#options, index });
  }

  /** The same error, said of an attribute. */
  of(subject: string): DescriptionError {
    return new DescriptionError(this.code, this.problem, { ...this.#options, subject });
  }

  protected static override sentence(problem: string, options: DescriptionErrorOptions): string {
    const { subject, hint, index, others = [] } = options;
    const first = `${subject ? `${subject}: ` : ''}${problem}${hint ? `; ${hint}` : ''}`;
    const where = index === undefined ? '' : `description ${index}: `;
    return `${where}${[first, ...others].join('\n')}`;
  }
}

/** A resource manager, or the adaptor that speaks to it, did not do what was asked. */
export class AdaptorError extends PilotError {
  static override readonly kind: string = 'AdaptorError';
}

/** A work unit ended, but not well; `exit` tells how. */
export class WorkUnitFailedError extends PilotError {
  static override readonly kind: string = 'WorkUnitFailedError';

  readonly unitId: string;
  readonly exit: WorkUnitExit;

  constructor(unitId: string, exit: WorkUnitExit) {
    const lastWords = exit.stderrTail?.trim().split('\n').at(-1);
    super('WORK_UNIT_FAILED', describeExit(exit), {
      subject: unitId,
      hint: lastWords && `its standard error ended with '${lastWords}'`,
    });
    this.unitId = unitId;
    this.exit = exit;
  }
}

/** A work unit was canceled before it ended. */
export class WorkUnitCanceledError extends PilotError {
  static override readonly kind: string = 'WorkUnitCanceledError';

  readonly unitId: string;

  /** `cause`: the error of the unit because of which this one was canceled. */
  constructor(unitId: string, why = 'canceled', cause?: unknown) {
    super('WORK_UNIT_CANCELED', why, { subject: unitId, ...(cause !== undefined && { cause }) });
    this.unitId = unitId;
  }
}
