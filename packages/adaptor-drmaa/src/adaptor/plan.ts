/** What a description becomes in the words of a dialect. PURE. */
import type { ParsedPilotJobDescription } from '@pstar/core/adaptor';
import { type Dialect, refuseAttributes, type Shape } from './dialects/dialect.ts';
import { nativeWords } from './native-options.ts';
import { invalid } from './problems.ts';

/** Where pilots go, and whom they are charged to, that do not say so. */
export interface PlaceDefaults {
  readonly queue?: string | undefined;
  readonly project?: string | undefined;
}

/** What holds of all pilots of a connection. */
export interface Defaults extends PlaceDefaults {
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
  defaults: PlaceDefaults,
  shape: Shape,
): Options {
  refuseAttributes(description, dialect.rules, dialect.title);
  const full = withDefaults(description, defaults);
  const ruled = Object.entries(dialect.rules).map(([name, rule]) =>
    writable(name, rule.words?.(full) ?? [], dialect),
  );
  const native = nativeWords(description.nativeOptions, dialect.options);
  const last = grouped(writable('nativeOptions', native, dialect));
  return [...grouped(shape.words), ...ruled.flatMap(grouped), ...last];
}

/** A description with what holds where it says nothing itself. */
export function withDefaults(
  description: ParsedPilotJobDescription,
  { queue, project }: PlaceDefaults,
): ParsedPilotJobDescription {
  return {
    ...(queue !== undefined && { queue }),
    ...(project !== undefined && { project }),
    ...description,
  };
}

/** The rest of a word that cannot be written would be read as something else, or be cut off. */
function writable(subject: string, words: readonly string[], { title, unwritable }: Dialect) {
  const word = words.find((each) => unwritable.test(each));
  if (word === undefined) return words;
  const problem = `${JSON.stringify(word)} cannot be written among options of ${title}`;
  throw invalid(subject, problem, 'take line breaks out, and one of two kinds of quotes');
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
  // Of several lines each has to be a comment: the rest of the script is run.
  return [...site.split('\n').map((line) => line.trim()), ...lines]
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
