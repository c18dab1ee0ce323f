/** What a unit is to do, and which of its files have to travel for it. Pure. */
import type { StagedFile, UnitCommand } from '../protocol/messages.ts';
import { ATTRIBUTE_ITEMS } from '../protocol/transfer-messages.ts';

/** The files of a unit that travel. */
export interface TravellingFiles {
  readonly inputs: readonly StagedFile[];
  readonly outputs: readonly StagedFile[];
}

/** A unit's command: the template's, with what it has of its own, a JSON, laid over it. */
export function commandOf(shared: UnitCommand, own: string | null): UnitCommand {
  if (own === null) return shared;
  const command: Record<string, unknown> = { ...shared };
  for (const [name, value] of Object.entries(JSON.parse(own) as Partial<UnitCommand>)) {
    if (value === null) delete command[name];
    else command[name] = value;
  }
  return command as unknown as UnitCommand;
}

/**
 * Which files travel: those that it says, and absolute `input`, `output` and `error` where the node
 * does not see the files of the manager's machine. Undefined for none, as most units have it.
 */
export function travellingFiles(
  command: UnitCommand,
  sharesFiles: boolean,
): TravellingFiles | undefined {
  const { inputs = [], outputs = [] } = command;
  const files = { inputs: [...inputs], outputs: [...outputs] };
  if (!sharesFiles) {
    const { input, output, error } = command;
    if (isAbsolute(input)) files.inputs.push({ item: ATTRIBUTE_ITEMS.input, name: input });
    if (isAbsolute(output)) files.outputs.push({ item: ATTRIBUTE_ITEMS.output, name: output });
    // Both streams in one file: it travels once.
    if (isAbsolute(error) && error !== output) {
      files.outputs.push({ item: ATTRIBUTE_ITEMS.error, name: error });
    }
  }
  return files.inputs.length + files.outputs.length > 0 ? files : undefined;
}

/** Whether what a unit has of its own may change which of its files travel. */
export function concernsFiles(own: string | null, sharesFiles: boolean): boolean {
  if (own === null) return false;
  return own.startsWith('{"inputs":') || (!sharesFiles && /"(?:input|output|error)":/.test(own));
}

/** Devices are those of the node: what is written to /dev/null is to go nowhere. */
function isAbsolute(path: string | undefined): path is string {
  return path?.startsWith('/') === true && !path.startsWith('/dev/');
}
