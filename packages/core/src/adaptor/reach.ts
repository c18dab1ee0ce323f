/** Whether agents reach the manager that they are told to dial. PURE. */
import { PilotError } from '../model/errors.ts';

/**
 * Refuses a manager that listens on this machine's loopback alone, for hosts that are elsewhere: the
 * pilot would wait in the queue, start, and never be heard of.
 *
 * @param hosts where the pilot may come to run, as far as it is known
 * @param own the names and addresses of this machine
 * @throws PilotError `WRONG_STATE`
 */
export function refuseUnreachable(
  manager: { readonly host: string; readonly port: number },
  hosts: readonly { readonly name: string; readonly address: string }[],
  own: readonly string[],
): void {
  if (!isLoopback(manager.host)) return;
  const elsewhere = hosts.find(({ address }) => !isLoopback(address) && !own.includes(address));
  if (elsewhere === undefined) return;
  const { name, address } = elsewhere;
  throw new PilotError(
    'WRONG_STATE',
    `this service listens at ${manager.host}, which agents on other machines do not reach`,
    {
      subject: address === name ? name : `${name} at ${address}`,
      hint: `write PilotJobService.open({ listen: { host: '…' } }) with an address of this machine that nodes reach, or '0.0.0.0'`,
    },
  );
}

/** Whether an address leads no further than its own machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost(\..*)?|127(\.\d+){3}|\[?::1\]?|::ffff:127(\.\d+){3})$/i.test(host);
}
