/** What a description becomes in the words of a dialect. PURE. */
import type { ParsedPilotJobDescription } from '@pstar/core/adaptor';
import { type Dialect, refuseAttributes, type Shape } from './dialects/dialect.ts';
import { nativeWords } from './native-options.ts';

/** What holds of all pilots of a connection. */
export interface Defaults {
  readonly queue?: string | undefined;
  readonly project?: string | undefined;
  /** The site's, as they stand before all others. */
  readonly nativeSpecification: string;
}

/** The variable that has a site's native specification. */
export const NATIVE_SPECIFICATION = 'PSTAR_DRMAA_NATIVE_SPECIFICATION';

/** The words of a native specification, in several lists: an option and its values each. */
export type Options = readonly (readonly string[])[];

/**
 * Finds the options: the site's, the URL's, the description's.
 *
 * @throws PilotError `DESCRIPTION_INVALID`, `ATTRIBUTE_UNSUPPORTED`
 */
export function optionsOf(
  description: ParsedPilotJobDescription,
  dialect: Dialect,
  { queue, project }: Defaults,
  shape: Shape,
): Options {
  refuseAttributes(description, dialect.rules, dialect.title);
  const full = {
    ...(queue !== undefined && { queue }),
    ...(project !== undefined && { project }),
    ...description,
  };
  const ruled = Object.values(dialect.rules).map((rule) => rule.words?.(full) ?? []);
  const native = nativeWords(description.nativeOptions, dialect.options);
  return [...grouped(shape.words), ...ruled.flatMap(grouped), ...grouped(native)];
}

/** One text of them all, as it is handed to the library. */
export function nativeSpecification(
  options: Options,
  dialect: Dialect,
  { nativeSpecification: site }: Defaults,
): string {
  const own = options.flat().map((word) => dialect.quote(word));
  return [site.trim(), ...own].filter((word) => word !== '').join(' ');
}

/** The lines at the top of a script that say the same. */
export function headerLines(
  options: Options,
  dialect: Dialect,
  { nativeSpecification: site }: Defaults,
): readonly string[] {
  const lines = options.map((words) => words.map((word) => dialect.quote(word).trim()).join(' '));
  return [site.trim(), ...lines]
    .filter((line) => line !== '')
    .map((line) => dialect.directive + line);
}

/** Each option with what belongs to it. */
function grouped(words: readonly string[]): Options {
  const groups: string[][] = [];
  for (const word of words) {
    const last = groups.at(-1);
    if (last === undefined || /^--?[A-Za-z]/.test(word) || /^\w+=/.test(last[0] as string)) {
      groups.push([word]);
    } else {
      last.push(word);
    }
  }
  return groups;
}
