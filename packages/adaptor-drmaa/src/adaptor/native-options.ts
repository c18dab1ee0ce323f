/** What users write as `nativeOptions`, as words of a native specification. PURE. */
import type { NativeOptions } from '@pstar/core/adaptor';
import { invalid } from './problems.ts';

/** How a resource manager writes an option. */
export interface OptionStyle {
  /** The words of an option that is written as an entry of an object; `true` for one without a value. */
  write(name: string, value: string | true): readonly string[];
  /** The option that a word is, without its value; undefined for a value. */
  nameOf(word: string): string | undefined;
  /** What says the same as an option, and better; `''` for what the adaptor alone decides. */
  readonly owned: Readonly<Record<string, string>>;
  /** Values of options with which nothing would be submitted. */
  readonly idle?: Readonly<Record<string, RegExp>>;
}

/**
 * Reads them.
 *
 * @throws PilotError `DESCRIPTION_INVALID` for what has an attribute, or is not the user's to set
 */
export function nativeWords(native: NativeOptions = {}, style: OptionStyle): readonly string[] {
  const words = isWords(native)
    ? native.flatMap(splitWord)
    : Object.entries(native).flatMap(([name, value]) =>
        value === false ? [] : style.write(bare(name), value === true ? true : String(value)),
      );
  for (const [index, word] of words.entries()) {
    const name = style.nameOf(word);
    const value = words[index + 1] ?? '';
    if (name !== undefined && style.idle?.[name]?.test(value)) {
      throw invalid('nativeOptions', `with ${word} ${value} nothing is submitted`, 'take it out');
    }
    const attribute = name === undefined ? undefined : style.owned[name];
    if (attribute === undefined) continue;
    if (attribute === '') {
      throw invalid('nativeOptions', `${word} is what the adaptor decides`, 'take it out');
    }
    const problem = `${word} has an attribute of its own`;
    throw invalid('nativeOptions', problem, `write ${attribute}`);
  }
  return words;
}

/** `-q short`: qsub, bsub. */
export function dashed(
  owned: OptionStyle['owned'],
  idle: NonNullable<OptionStyle['idle']> = {},
): OptionStyle {
  return {
    idle,
    write: (name, value) => (value === true ? [`-${name}`] : [`-${name}`, value]),
    nameOf: (word) => /^-([A-Za-z]\w*)$/.exec(word)?.[1],
    owned,
  };
}

/** `--partition=short`: sbatch. */
export function longOptions(
  owned: Readonly<Record<string, string>>,
  short: Readonly<Record<string, string>>,
): OptionStyle {
  return {
    write: (name, value) => {
      const long = short[name] ?? name;
      return [value === true ? `--${long}` : `--${long}=${value}`];
    },
    nameOf: (word) => {
      const letter = /^-([A-Za-z])/.exec(word)?.[1];
      return /^--([\w-]+)/.exec(word)?.[1] ?? (letter && (short[letter] ?? letter));
    },
    owned,
  };
}

/** `name=value`, as the file of a submission has it. */
export function assignments(owned: Readonly<Record<string, string>>): OptionStyle {
  return {
    write: (name, value) => [`${name}=${value}`],
    nameOf: (word) => /^\+?(\w+)\s*=/.exec(word)?.[1]?.toLowerCase(),
    owned,
  };
}

function isWords(native: NativeOptions): native is readonly string[] {
  return Array.isArray(native);
}

function bare(written: string): string {
  const name = written.replace(/^--?/, '');
  if (/^\+?[A-Za-z][\w-]*$/.test(name)) return name;
  throw invalid('nativeOptions', `'${written}' is no name of an option`);
}

/** `-l mem_free=1G` as people write it in one string. */
function splitWord(word: string): readonly string[] {
  const parts = /^(--?[A-Za-z][\w-]*)\s+(\S.*)$/s.exec(word.trim());
  return parts ? [parts[1] as string, parts[2] as string] : [word.trim()];
}
