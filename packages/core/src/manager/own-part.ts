/** What one unit has of its own beside its template: found by comparing, kept as JSON. */
import { readArguments, readEnvironment, readText } from '../model/attribute-readers.ts';
import { DescriptionError } from '../model/errors.ts';
import {
  parseWorkUnitDescription,
  type WorkUnitDescription,
} from '../model/work-unit-description.ts';

/** The attributes that usually differ from unit to unit; all others make another template. */
export const VARYING = [
  'name',
  'arguments',
  'environment',
  'input',
  'output',
  'error',
  'workingDirectory',
] as const satisfies readonly (keyof WorkUnitDescription)[];

/** The parsed values of {@link VARYING}. */
export interface Varying {
  readonly name?: string;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly output?: string;
  readonly error?: string;
  readonly workingDirectory?: string;
}

/** What Linux gives a process by default, arguments and environment together. */
const OWN_CHARACTERS_MAX = 2 * 1024 * 1024;

/** The keys whose value is a file or directory. */
const FILES = ['input', 'output', 'error', 'workingDirectory'] as const;

/**
 * JSON of what differs from the template, null for what the template has and the unit has not; or
 * null when nothing differs.
 *
 * @throws DescriptionError for a value that the schema refuses.
 */
export function ownPart(description: WorkUnitDescription, template: Varying): string | null {
  try {
    const json = differenceOf(description, template);
    if (json !== null && json.length > OWN_CHARACTERS_MAX) throw tooLarge(json.length);
    return json;
  } catch (error) {
    // The readers do not know which attribute they read; the schema says it.
    if (error instanceof DescriptionError && error.subject === undefined) {
      parseWorkUnitDescription(description);
    }
    throw error;
  }
}

function differenceOf(description: WorkUnitDescription, template: Varying): string | null {
  const own: Record<string, unknown> = {};
  let differs = false;
  if (!sameList(description.arguments, template.arguments)) {
    own['arguments'] = readOr(readArguments, description.arguments);
    differs = true;
  }
  if (description.name !== template.name) {
    own['name'] = readOr(readText, description.name);
    differs = true;
  }
  if (!hasSameFiles(description, template)) {
    for (const key of FILES) {
      if (description[key] !== template[key]) own[key] = readOr(readText, description[key]);
    }
    differs = true;
  }
  if (!sameRecord(description.environment, template.environment)) {
    own['environment'] = readOr(readEnvironment, description.environment);
    differs = true;
  }
  return differs ? JSON.stringify(own) : null;
}

/** Each by its name: a loop over {@link FILES} for every unit takes three times as long. */
function hasSameFiles(description: WorkUnitDescription, template: Varying): boolean {
  return (
    description.input === template.input &&
    description.output === template.output &&
    description.error === template.error &&
    description.workingDirectory === template.workingDirectory
  );
}

function readOr<In, Out>(read: (value: In) => Out, value: In | undefined): Out | null {
  return value === undefined ? null : read(value);
}

function tooLarge(length: number): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', `${length} characters are too many`, {
    subject: 'arguments and environment',
    hint: `a process can be given about ${OWN_CHARACTERS_MAX}; pass more in a file`,
  });
}

/** Whether both are the same; false is also right for what only looks different, like 1 and '1'. */
function sameList(written: unknown, template: readonly string[] | undefined): boolean {
  if (written === undefined || template === undefined) return written === template;
  if (!Array.isArray(written) || written.length !== template.length) return false;
  for (let i = 0; i < template.length; i++) if (written[i] !== template[i]) return false;
  return true;
}

function sameRecord(
  written: WorkUnitDescription['environment'],
  template: Readonly<Record<string, string>> | undefined,
): boolean {
  if (written === undefined || template === undefined) return written === template;
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return false;
  const keys = Object.keys(written);
  if (keys.length !== Object.keys(template).length) return false;
  return keys.every((key) => Object.hasOwn(template, key) && written[key] === template[key]);
}
