/** What a unit that has called a function has returned, or why it has not. */
import { PilotError, WorkUnitFailedError } from '../../model/errors.ts';
import type { WorkUnitExit } from '../../model/exit.ts';
import { argsOf } from '../../model/packed-args.ts';
import { encodeValue } from '../../runtime/values.ts';
import { decodeReturned, digestOf, taskErrorOf } from '../calls/call-failures.ts';
import type { WorkCore } from './work-core.ts';

/** @throws PilotError `WRONG_STATE` for a unit that has no value, whatever becomes of it. */
export function assertHasValue({ manager }: WorkCore, unit: number, id: string): void {
  if (manager.state.template(unit).isSingleCall) return;
  throw new PilotError('WRONG_STATE', 'it runs a program, which has no value', {
    subject: id,
    hint: 'await its result(), or have it call a function by module and export',
  });
}

/** Of a unit that is Done. */
export async function returnedBy({ manager, values }: WorkCore, unit: number): Promise<unknown> {
  const value = manager.state.values.of(unit);
  // A copy: large arrays are views of the bytes, and these stay.
  const bytes = value instanceof Uint8Array ? new Uint8Array(value) : await values.read(unit);
  return (decodeReturned(bytes) as readonly [unknown])[0];
}

/** Why a unit is Failed: what its call has thrown, if it has made one. */
export function failureOf(
  { manager }: WorkCore,
  unit: number,
  [id, exit]: readonly [id: string, exit: WorkUnitExit],
): PilotError {
  const { state } = manager;
  const problem = state.values.of(unit);
  // What did not come to a call: its pilot was lost, its files did not travel.
  if (problem === undefined || problem === null || problem instanceof Uint8Array) {
    return new WorkUnitFailedError(id, exit);
  }
  const { call } = state.template(unit).description;
  const { inline } = argsOf(state.units.own(unit)) ?? {};
  // As they were sent: what is nested too deeply to be read has a digest, too.
  const input = inline === undefined ? encodeValue([]) : Buffer.from(inline, 'base64');
  const { host, attempt } = exit;
  const failure = { problem, inputDigest: digestOf(input), host, attempt };
  return taskErrorOf(failure, call?.export ?? '', 0);
}
