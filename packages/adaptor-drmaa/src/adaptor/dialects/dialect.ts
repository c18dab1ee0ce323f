/** What a resource manager's own options are for a pilot. PURE. */
import {
  CORE_PILOT_ATTRIBUTES,
  type ParsedPilotJobDescription,
  type PilotAttribute,
} from '@pstar/core/adaptor';
import type { OptionStyle } from '../native-options.ts';
import { unsupported } from '../problems.ts';
import type { DialectName } from './names.ts';

/** What becomes of an attribute. */
export interface AttributeRule {
  /** `-q`, or what is done instead, for people. */
  readonly becomes: string;
  /** Not honoured: `becomes` says why not, and what to write instead. */
  readonly refused?: true;
  /** The words of the native specification that it gives by itself. */
  readonly words?: (description: ParsedPilotJobDescription) => readonly string[];
}

/** Every attribute that there is. */
export type AttributeRules = Readonly<Record<PilotAttribute, AttributeRule>>;

/** The shape of a pilot on its nodes. */
export interface Shape {
  /** What the native specification says of it. */
  readonly words: readonly string[];
  /** Whether it may be more than one node. */
  readonly several: boolean;
}

/** What one resource manager's options are. */
export interface Dialect {
  readonly name: DialectName;
  /** What it is called, for people. */
  readonly title: string;
  readonly rules: AttributeRules;
  /** How `nativeOptions` are written. */
  readonly options: OptionStyle;
  /** Before the options at the top of a script that its users would submit: `#$ `. */
  readonly directive: string;
  /** What no word of the native specification can hold. */
  readonly unwritable: RegExp;
  /** One word of the native specification, as its parser reads it. */
  quote(word: string): string;
  /** Shell lines that tell the agent of its node, before it is started. */
  readonly nodeLines: string;
  /** The shell's words for its own native id, once it runs. */
  readonly ownId: string;
}

const NO_PROGRAM = 'refused: a pilot runs an agent; submit programs as work units';
const NO_SCALING = 'refused: pilots do not come and go by themselves';

/** What becomes of attributes whatever the resource manager is. */
export const SHARED_RULES = {
  idleTimeout: { becomes: 'kept by the agent, which then ends the native job' },
  environment: { becomes: 'exported by the script, before `initCommands`' },
  cleanup: { becomes: 'done by pstar: it is about its own files' },
  initCommands: { becomes: 'run by the script on each node, before the agent' },
  executable: { becomes: NO_PROGRAM, refused: true },
  arguments: { becomes: NO_PROGRAM, refused: true },
  input: { becomes: NO_PROGRAM, refused: true },
  interactive: { becomes: NO_PROGRAM, refused: true },
  fileTransfer: { becomes: NO_PROGRAM, refused: true },
  minPilots: { becomes: NO_SCALING, refused: true },
  maxPilots: { becomes: NO_SCALING, refused: true },
} as const satisfies Partial<AttributeRules>;

/** The attributes that rules honour beyond what the core does for every pilot. */
export function honouredBy(rules: AttributeRules): readonly PilotAttribute[] {
  return (
    Object.entries(rules)
      .filter(([name, { refused }]) => !refused && !isOfTheCore(name))
      .map(([name]) => name as PilotAttribute)
      // The core keeps it too, and asks whether the resource manager does.
      .concat(rules.wallTimeLimit.refused ? [] : 'wallTimeLimit')
  );
}

/**
 * Refuses the first attribute that a description has and the rules refuse.
 *
 * @throws PilotError `ATTRIBUTE_UNSUPPORTED`
 */
export function refuseAttributes(
  description: ParsedPilotJobDescription,
  rules: AttributeRules,
  title: string,
): void {
  const given: Readonly<Record<string, unknown>> = { ...description };
  for (const [name, { refused, becomes }] of Object.entries(rules)) {
    // What the core does by itself needs no resource manager.
    if (!refused || given[name] === undefined || isOfTheCore(name)) continue;
    throw unsupported(name, `${title} has nothing for ${name}`, wayOutOf(becomes));
  }
}

/** A word ends with its line, whichever parser reads it. */
export const LINE_BREAK = /[\r\n]/;

/** The words of an option, where there is a value. */
export function given<T>(value: T | undefined, words: (value: T) => readonly string[]) {
  return value === undefined ? [] : words(value);
}

/** What follows `refused: …;`. */
function wayOutOf(becomes: string): string {
  return becomes.replace(/^refused: /, '').replace(/^[^;]*; /, '');
}

function isOfTheCore(name: string): boolean {
  return (CORE_PILOT_ATTRIBUTES as readonly string[]).includes(name);
}
