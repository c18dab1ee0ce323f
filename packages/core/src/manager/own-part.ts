/** What one unit has of its own beside its template: found by comparing, kept as JSON. */
import { isRecord, readArguments, readEnvironment, readText } from '../model/attribute-readers.ts';
import { DescriptionError } from '../model/errors.ts';
import {
  type ParsedFileTransfer,
  readFileTransfer,
  refuseStreamTargets,
} from '../model/file-transfer.ts';
import type { PackedArgs } from '../model/packed-args.ts';
import { approximateSizes } from '../model/quantity.ts';
import {
  parseWorkUnitDescription,
  type WorkUnitDescription,
} from '../model/work-unit-description.ts';
import { largestIn, refuseLarge } from './description-size.ts';

/** The attributes that usually differ from unit to unit; all others make another template. */
const VARYING = [
  'name',
  'arguments',
  'environment',
  'input',
  'output',
  'error',
  'workingDirectory',
  'fileTransfer',
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
  readonly fileTransfer?: readonly ParsedFileTransfer[];
}

/** What a relative name on the submitting machine stands for. */
export type ResolveName = (name: string) => string;

/** What Linux gives a process by default, arguments and environment together. */
const PROCESS_CHARACTERS_MAX = 2 * 1024 * 1024;

/** One for each of {@link VARYING}. */
const BIT = {
  name: 1,
  arguments: 2,
  environment: 4,
  input: 8,
  output: 16,
  error: 32,
  workingDirectory: 64,
  fileTransfer: 128,
} as const satisfies Record<(typeof VARYING)[number], number>;
const ALL = 255;

const NAME = '{"name":"';

/** Whether what a unit has of its own is a name and no more, as units of graphs have it. */
export function isNameOnly(own: string): boolean {
  // The first quote behind the name ends it: anything else in it is escaped, or there is more.
  return own.startsWith(NAME) && own.indexOf('"', NAME.length) === own.length - 2;
}

/** The keys whose value is a file or directory. */
const FILES = ['input', 'output', 'error', 'workingDirectory'] as const;

/**
 * JSON of what differs from the template, null for what the template has and the unit has not; or
 * null when nothing differs.
 *
 * @param args of a unit that calls a function: they come first, see packed-args.ts
 * @throws DescriptionError for a value that the schema refuses.
 */
export function ownPart(
  description: WorkUnitDescription,
  template: Varying,
  resolve: ResolveName,
  args?: PackedArgs,
): string | null {
  try {
    const json = withArgs(args, differenceOf(description, template, resolve));
    if (json !== null && json.length > PROCESS_CHARACTERS_MAX) refuseTooMuch(json);
    return json;
  } catch (error) {
    // The readers do not know which attribute they read; the schema says it.
    if (error instanceof DescriptionError && error.subject === undefined) {
      parseWorkUnitDescription(description);
    }
    throw error;
  }
}

function withArgs(args: PackedArgs | undefined, others: string | null): string | null {
  if (args === undefined) return others;
  const { values, files, inline } = args;
  const json = JSON.stringify({ args: { values, files, inline } });
  return others === null ? json : `${json.slice(0, -1)},${others.slice(1)}`;
}

function differenceOf(
  description: WorkUnitDescription,
  template: Varying,
  resolve: ResolveName,
): string | null {
  const there = attributesIn(description) | attributesIn(template);
  if (there === BIT.name && typeof description.name === 'string') {
    // The usual case: making an object for it takes three times as long.
    if (description.name === template.name) return null;
    return `{"name":${JSON.stringify(readText(description.name))}}`;
  }
  const own: Record<string, unknown> = {};
  let differs = false;
  // First: whoever reads the JSON sees at its beginning whether files travel.
  if ((there & BIT.fileTransfer) !== 0) {
    const transfers = readTransfersOr(description.fileTransfer, resolve);
    if (transfers !== null) refuseStreamTargets(transfers, description);
    if (!sameTransfers(transfers, template.fileTransfer)) {
      own['fileTransfer'] = transfers;
      differs = true;
    }
  }
  if ((there & BIT.arguments) !== 0 && !sameList(description.arguments, template.arguments)) {
    own['arguments'] = readOr(readArguments, description.arguments);
    differs = true;
  }
  if ((there & BIT.name) !== 0 && description.name !== template.name) {
    own['name'] = readOr(readText, description.name);
    differs = true;
  }
  for (const key of FILES) {
    if ((there & BIT[key]) === 0 || description[key] === template[key]) continue;
    own[key] = readOr(readText, description[key]);
    differs = true;
  }
  if (
    (there & BIT.environment) !== 0 &&
    !sameRecord(description.environment, template.environment)
  ) {
    own['environment'] = readOr(readEnvironment, description.environment);
    differs = true;
  }
  return differs ? JSON.stringify(own) : null;
}

/**
 * Which of {@link VARYING} a description has. Asking for one that it does not have takes 0.1 µs, going
 * through all that it has 0.03.
 */
function attributesIn(description: object): number {
  // What a class gives its instances, such as getters, is not gone through.
  if (Object.getPrototypeOf(description) !== Object.prototype) return ALL;
  let there = 0;
  for (const name in description) there |= bitOf(name);
  return there;
}

/** The bit of an attribute of {@link VARYING}; 0 for any other. Looking it up in a Set takes twice as long. */
export function bitOf(name: string): number {
  switch (name) {
    case 'name':
      return BIT.name;
    case 'arguments':
      return BIT.arguments;
    case 'environment':
      return BIT.environment;
    case 'input':
      return BIT.input;
    case 'output':
      return BIT.output;
    case 'error':
      return BIT.error;
    case 'workingDirectory':
      return BIT.workingDirectory;
    case 'fileTransfer':
      return BIT.fileTransfer;
    default:
      return 0;
  }
}

function readOr<In, Out>(read: (value: In) => Out, value: In | undefined): Out | null {
  return value === undefined ? null : read(value);
}

/** A function of its own: a closure would cost every unit memory, also those without any. */
function readTransfersOr(
  value: WorkUnitDescription['fileTransfer'],
  resolve: ResolveName,
): readonly ParsedFileTransfer[] | null {
  return value === undefined ? null : readFileTransfer(value, resolve);
}

function refuseTooMuch(json: string): void {
  const { args, arguments: list, environment } = JSON.parse(json) as Record<string, unknown>;
  const given = { args, arguments: list, environment };
  if (JSON.stringify(given).length > PROCESS_CHARACTERS_MAX) throw tooLarge(given);
  refuseLarge(json);
}

function tooLarge(given: object): DescriptionError {
  const [subject, bytes] = largestIn(given);
  const [size, most] = approximateSizes(bytes, PROCESS_CHARACTERS_MAX);
  return new DescriptionError('DESCRIPTION_INVALID', `${size} is too much`, {
    subject,
    hint:
      subject === 'args'
        ? 'pass a list of them as one argument'
        : `a process can be given about ${most}; pass more in a file, by fileTransfer`,
  });
}

/** Whether both are the same; false is also right for what only looks different, like 1 and '1'. */
function sameList(written: unknown, template: readonly string[] | undefined): boolean {
  if (written === undefined || template === undefined) return written === template;
  if (!Array.isArray(written) || written.length !== template.length) return false;
  for (let i = 0; i < template.length; i++) if (written[i] !== template[i]) return false;
  return true;
}

function sameTransfers(
  own: readonly ParsedFileTransfer[] | null,
  template: readonly ParsedFileTransfer[] | undefined,
): boolean {
  if (own === null || template === undefined) return own === null && template === undefined;
  if (own.length !== template.length) return false;
  return own.every((one, i) => {
    const other = template[i] as ParsedFileTransfer;
    return (
      one.source === other.source &&
      one.target === other.target &&
      one.direction === other.direction &&
      one.append === other.append &&
      one.optional === other.optional
    );
  });
}

function sameRecord(
  written: WorkUnitDescription['environment'],
  template: Readonly<Record<string, string>> | undefined,
): boolean {
  if (written === undefined || template === undefined) return written === template;
  if (!isRecord(written)) return false;
  const keys = Object.keys(written);
  if (keys.length !== Object.keys(template).length) return false;
  return keys.every((key) => Object.hasOwn(template, key) && written[key] === template[key]);
}
