/**
 * The functions of a DRMAA 1 library (GFD.133 and its C binding), called on threads, and what they say is wrong as
 * errors. It knows how they are called and nothing of what they mean.
 */
import koffi, { type TypeObject } from 'koffi';
import type { LoadedLibrary, NativeFunction } from '../native/loaded-library.ts';
import { NativeError } from '../native/native-error.ts';
import { DRMAA1_ERRORS } from './errors.ts';

/** An address in C. */
export type Pointer = bigint;

// Also in, so that a cell that a library leaves alone holds what we have put there.
// koffi does not export the type that it gives them, which declarations would have to name.
const OUT_POINTER = koffi.inout(koffi.pointer('void *')) as unknown as TypeObject;
const OUT_INT = koffi.inout(koffi.pointer('int')) as unknown as TypeObject;
const BUFFER = ['char *', 'size_t'] as const;

/** What each function takes before the buffer for its diagnosis; it returns the error's number. */
const DIAGNOSED = {
  init: ['str'],
  exit: [],
  allocate_job_template: [OUT_POINTER],
  delete_job_template: ['void *'],
  set_attribute: ['void *', 'str', 'str'],
  get_attribute: ['void *', 'str', ...BUFFER],
  set_vector_attribute: ['void *', 'str', 'str *'],
  get_vector_attribute: ['void *', 'str', OUT_POINTER],
  get_attribute_names: [OUT_POINTER],
  get_vector_attribute_names: [OUT_POINTER],
  run_job: [...BUFFER, 'void *'],
  run_bulk_jobs: [OUT_POINTER, 'void *', 'int', 'int', 'int'],
  control: ['str', 'int'],
  synchronize: ['str *', 'long', 'int'],
  job_ps: ['str', OUT_INT],
  wait: ['str', ...BUFFER, OUT_INT, 'long', OUT_POINTER],
  wifexited: [OUT_INT, 'int'],
  wexitstatus: [OUT_INT, 'int'],
  wifsignaled: [OUT_INT, 'int'],
  wtermsig: [...BUFFER, 'int'],
  wcoredump: [OUT_INT, 'int'],
  wifaborted: [OUT_INT, 'int'],
  get_contact: [...BUFFER],
  version: [OUT_INT, OUT_INT],
  get_DRM_system: [...BUFFER],
  get_DRMAA_implementation: [...BUFFER],
} as const;

/** What is read one after the other: the function that reads, and the one that frees all. */
const SEQUENCES = {
  attr_names: { next: 'get_next_attr_name', release: 'release_attr_names' },
  attr_values: { next: 'get_next_attr_value', release: 'release_attr_values' },
  job_ids: { next: 'get_next_job_id', release: 'release_job_ids' },
} as const;

/** The functions that say what went wrong, without `drmaa_`. */
export type DiagnosedName = keyof typeof DIAGNOSED;
/** What can be read one after the other. */
export type SequenceName = keyof typeof SEQUENCES;

/** Longer than what any standard or library gives for names, contacts and diagnoses. */
const TEXT_BYTES = 4096;
/** More than that comes only from a library that never comes to an end. */
const SEQUENCE_LIMIT = 1_000_000;
const NO_MORE_ELEMENTS = 25;

/** A library's functions. */
export class Drmaa1Functions {
  readonly path: string;
  readonly #library: LoadedLibrary;
  readonly #bound = new Map<string, NativeFunction>();

  constructor(library: LoadedLibrary) {
    this.#library = library;
    this.path = library.path;
  }

  /**
   * Calls a function.
   *
   * @throws NativeError as the function says
   */
  async call(name: DiagnosedName, ...args: readonly unknown[]): Promise<void> {
    const diagnosis = Buffer.alloc(TEXT_BYTES);
    const target = this.#bind(name, 'int', [...DIAGNOSED[name], ...BUFFER]);
    const number = Number(await target(...args, diagnosis, TEXT_BYTES));
    if (number !== 0) throw failure(`drmaa_${name}`, number, textOf(diagnosis));
  }

  /** Calls a function that writes a text; `before` and `after` are what it takes around that. */
  async text(
    name: DiagnosedName,
    before: readonly unknown[] = [],
    after: readonly unknown[] = [],
  ): Promise<string> {
    const buffer = Buffer.alloc(TEXT_BYTES);
    await this.call(name, ...before, buffer, TEXT_BYTES, ...after);
    return textOf(buffer);
  }

  /** As `text`, where what is no text can be no answer: the id of something that now runs. */
  async id(...args: Parameters<Drmaa1Functions['text']>): Promise<string> {
    return this.checkedId(args[0], await this.text(...args));
  }

  /** Refuses what is no id that could be asked about. */
  checkedId(name: string, id: string): string {
    // U+FFFD stands where the bytes were none of UTF-8.
    if (id !== '' && !/[\p{Cc}\ufffd]/u.test(id)) return id;
    throw new NativeError({
      code: 'ADAPTOR_FAILED',
      problem: `drmaa_${name} answered ${JSON.stringify(id)}, which is no id`,
      subject: this.path,
      call: `drmaa_${name}`,
      inDoubt: true,
    });
  }

  /** Calls a function that writes a number where its first argument says, or its last. */
  async number(name: DiagnosedName, ...args: readonly unknown[]): Promise<number> {
    const cell = [0];
    await (name === 'job_ps' ? this.call(name, ...args, cell) : this.call(name, cell, ...args));
    return cell[0] as number;
  }

  /** Reads all of a sequence and frees it. */
  async all(sequence: SequenceName, pointer: Pointer | null): Promise<string[]> {
    if (pointer === null) return [];
    const { next, release } = SEQUENCES[sequence];
    const step = this.#bind(next, 'int', ['void *', ...BUFFER]);
    const buffer = Buffer.alloc(TEXT_BYTES);
    const texts: string[] = [];
    try {
      for (;;) {
        const number = Number(await step(pointer, buffer, TEXT_BYTES));
        if (number === NO_MORE_ELEMENTS) return texts;
        if (number !== 0) throw unreadable(`drmaa_${next}`, number, this.path);
        texts.push(textOf(buffer));
        if (texts.length > SEQUENCE_LIMIT) throw endless(`drmaa_${next}`, this.path);
      }
    } finally {
      await this.#bind(release, 'void', ['void *'])(pointer);
    }
  }

  #bind(name: string, result: string, parameters: Parameters<LoadedLibrary['func']>[2]) {
    const known = this.#bound.get(name);
    if (known !== undefined) return known;
    const bound = this.#library.function(`drmaa_${name}`, result, parameters);
    this.#bound.set(name, bound);
    return bound;
  }
}

/** Up to the first zero byte: what is behind it, nobody has written. */
export function textOf(buffer: Buffer): string {
  const end = buffer.indexOf(0);
  return buffer.toString('utf8', 0, end < 0 ? buffer.length : end);
}

function failure(call: string, number: number, diagnosis: string): NativeError {
  const known = DRMAA1_ERRORS.find((error) => error.number === number);
  const words = diagnosis.trim();
  const what = known?.name ?? `error ${number}, which is none of DRMAA 1`;
  return new NativeError({
    code: known?.code ?? 'ADAPTOR_FAILED',
    problem: words === '' ? `${call} answered ${what}` : `${call}: ${words}`,
    ...(known !== undefined && { drmaa: known.name }),
    ...(words !== '' && { diagnosis: words }),
    call,
  });
}

/** Whatever the number says: nobody has asked for anything that could be wrong. */
function unreadable(call: string, number: number, subject: string): NativeError {
  const { problem } = failure(call, number, '').data;
  return new NativeError({ code: 'ADAPTOR_FAILED', problem, subject, call });
}

function endless(call: string, path: string): NativeError {
  const problem = `${call} has more than ${SEQUENCE_LIMIT} answers`;
  return new NativeError({ code: 'ADAPTOR_FAILED', problem, subject: path, call });
}
