/** What an error has beside its name, message and stack, as bytes: what is its own, and the errors within it. */
import { stackOf } from '../functions/author-stack.ts';
import {
  type Inner,
  type InnerErrors,
  PROBLEM_CHARACTERS,
  PROBLEM_NAME_CHARACTERS,
  type ToldError,
} from '../model/call-problem.ts';
import { unsendablePart } from '../runtime/unsendable.ts';
import { encodeValue } from '../runtime/values.ts';

/** What errors have that is told anyway, where a class makes it enumerable. */
const OF_ALL: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause']);
/** So many errors within one are told. */
const MOST_INNER = 16;
/** Of each, so many characters: where not all have room, the message alone, and less of it. */
const ROOMS = [
  { message: 1024, stack: 1024 },
  { message: 256, stack: 0 },
] as const;

/** Undefined where there is nothing to tell. Where all would be too long, it is only what is its own. */
export function errorParts(error: Error): Uint8Array | undefined {
  const own = ownOf(error);
  for (const room of ROOMS) {
    const inner = new InnerTeller(error, room).of(error);
    if (Object.keys(inner).length === 0) break;
    const bytes = cloneOf([own ?? {}, inner]);
    if (bytes) return bytes;
  }
  return own && cloneOf(own);
}

/** As bytes, if it can be cloned and is not too long. */
export function cloneOf(value: unknown): Uint8Array | undefined {
  try {
    const bytes = encodeValue(value);
    return bytes.length > PROBLEM_CHARACTERS ? undefined : bytes;
  } catch {
    return undefined;
  }
}

/** Its code and the like, as far as that can be cloned. */
function ownOf(error: Error): object | undefined {
  const isTold = (name: string): boolean =>
    OF_ALL.has(name) || (error instanceof AggregateError && name === 'errors');
  const names = Object.keys(error).filter((name) => !isTold(name));
  if (names.length === 0) return undefined;
  const own = names.flatMap((name) => {
    const part = partOf(error, name);
    return unsendablePart(part, name) === undefined ? [[name, part]] : [];
  });
  return Object.fromEntries(own);
}

function partOf(error: Error, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Tells of the errors within one, each once and so many in all. */
class InnerTeller {
  readonly #seen: Set<unknown>;
  readonly #room: (typeof ROOMS)[number];

  constructor(outermost: Error, room: (typeof ROOMS)[number]) {
    this.#seen = new Set([outermost]);
    this.#room = room;
  }

  of(error: Error): InnerErrors {
    const cause = this.#inner(partOf(error, 'cause'));
    const gathered = error instanceof AggregateError ? partOf(error, 'errors') : undefined;
    const errors = Array.isArray(gathered) && gathered.flatMap((each) => this.#inner(each) ?? []);
    return { ...(cause && { cause }), ...(errors && { errors }) };
  }

  #inner(thrown: unknown): Inner | undefined {
    if (thrown === undefined || this.#seen.has(thrown) || this.#seen.size > MOST_INNER) {
      return undefined;
    }
    this.#seen.add(thrown);
    if (thrown instanceof Error) return { error: this.#told(thrown) };
    return unsendablePart(thrown, '') === undefined ? { value: thrown } : undefined;
  }

  #told(error: Error): ToldError {
    const own = ownOf(error);
    const room = this.#room;
    const stack = room.stack > 0 && stackOf(error).slice(0, room.stack);
    return {
      name: `${error.name}`.slice(0, PROBLEM_NAME_CHARACTERS),
      message: `${error.message}`.slice(0, room.message),
      ...(stack && { stack }),
      ...(own && { own }),
      ...this.of(error),
    };
  }
}
