/** What one unit has of its own beside its template: found by comparing, kept as JSON. */
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

/** The keys whose value is one string. */
const STRINGS = ['name', 'input', 'output', 'error', 'workingDirectory'] as const;

/**
 * JSON of what differs from the template, null for what the template has and the unit has not; or
 * null when nothing differs.
 *
 * @throws DescriptionError for a value that the schema refuses.
 */
export function ownPart(description: WorkUnitDescription, template: Varying): string | null {
  const own: Record<string, unknown> = {};
  let differs = false;
  if (!sameArguments(description.arguments, template.arguments)) {
    own['arguments'] = plainArguments(description);
    differs = true;
  }
  for (const key of STRINGS) {
    const value = description[key];
    if (value === template[key]) continue;
    own[key] = value === undefined || isPlain(value) ? (value ?? null) : parsed(description, key);
    differs = true;
  }
  if (!sameEnvironment(description.environment, template.environment)) {
    own['environment'] = parsed(description, 'environment') ?? null;
    differs = true;
  }
  if (!differs) return null;
  const json = JSON.stringify(own);
  if (json.length > OWN_CHARACTERS_MAX) throw tooLarge(json.length);
  return json;
}

function tooLarge(length: number): DescriptionError {
  return new DescriptionError('DESCRIPTION_INVALID', `${length} characters are too many`, {
    subject: 'arguments and environment',
    hint: `a process can be given about ${OWN_CHARACTERS_MAX}; pass more in a file`,
  });
}

/** Arguments that need no schema: strings without a NUL, and finite numbers. Others go to the schema. */
function plainArguments(description: WorkUnitDescription): readonly string[] | null {
  const values: unknown = description.arguments;
  if (values === undefined) return null;
  if (!Array.isArray(values)) return parsed(description, 'arguments') as string[];
  for (const value of values) {
    if (!isPlain(value)) return parsed(description, 'arguments') as string[];
  }
  return values;
}

function isPlain(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

/** The schema's word on one attribute; the way for whatever is not plain. */
function parsed(description: WorkUnitDescription, key: keyof Varying): unknown {
  return parseWorkUnitDescription(description)[key];
}

function sameArguments(
  written: WorkUnitDescription['arguments'],
  template: readonly string[] | undefined,
): boolean {
  if (written === undefined || template === undefined) return written === template;
  if (written.length !== template.length) return false;
  for (let i = 0; i < template.length; i++) if (written[i] !== template[i]) return false;
  return true;
}

function sameEnvironment(
  written: WorkUnitDescription['environment'],
  template: Readonly<Record<string, string>> | undefined,
): boolean {
  if (written === undefined || template === undefined) return written === template;
  const keys = Object.keys(written);
  if (keys.length !== Object.keys(template).length) return false;
  return keys.every((key) => written[key] === template[key]);
}
