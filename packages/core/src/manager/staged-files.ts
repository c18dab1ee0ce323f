/** What an agent is told of the files that travel for a unit: without the names on this machine. */
import { type ParsedFileTransfer, remoteName } from '../model/file-transfer.ts';
import type { StagedFile } from '../protocol/messages.ts';

const OWN_TRANSFERS = '{"fileTransfer":';

/** The part of a command that says which files travel; nothing where none do. */
export function stagedFiles(transfers: readonly ParsedFileTransfer[] = []): {
  readonly inputs?: readonly StagedFile[];
  readonly outputs?: readonly StagedFile[];
} {
  const inputs = inDirection(transfers, 'in');
  const outputs = inDirection(transfers, 'out');
  return { ...(inputs.length > 0 && { inputs }), ...(outputs.length > 0 && { outputs }) };
}

/** Whether what a unit has of its own says which files travel for it. */
export function hasOwnFiles(own: string): boolean {
  return own.startsWith(OWN_TRANSFERS);
}

/** What a unit has of its own, as an agent is told it. */
export function toldOwn(own: string): string {
  if (!hasOwnFiles(own)) return own;
  const { fileTransfer, ...others } = JSON.parse(own) as {
    readonly fileTransfer: readonly ParsedFileTransfer[] | null;
  };
  const { inputs = null, outputs = null } = stagedFiles(fileTransfer ?? []);
  return JSON.stringify({ inputs, outputs, ...others });
}

function inDirection(
  transfers: readonly ParsedFileTransfer[],
  wanted: 'in' | 'out',
): readonly StagedFile[] {
  return transfers.flatMap((transfer, item) => {
    const { direction, append, optional } = transfer;
    if (direction !== wanted) return [];
    const name = remoteName(transfer);
    return [{ item, name, ...(append && { append }), ...(optional && { optional }) }];
  });
}
