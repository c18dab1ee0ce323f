/** What Grid Engine's letters and records are in our words. PURE. */
import type { NativeState } from '@pstar/core/adaptor';
import { NOTIFIED } from '../script.ts';
import type { AccountingRecord, QueueRow } from './outputs.ts';

/**
 * The state of a native job in the queue. Letters: E error, h held, q queued, w waiting, d being
 * deleted, t on its way to a host, r running, R started again, s S T suspended.
 *
 * Of what is being deleted Grid Engine waits for the word of all of its hosts: where one is silent,
 * nobody knows whether it still runs, and it stays in the queue for as long as that host is away.
 *
 * @param reason why it is in an error state, where it is
 * @param silent those of its hosts that Grid Engine does not hear of
 * @param holds who holds it, in qrls's letters; nobody does what waits for others to be over
 */
export function queueState(
  row: QueueRow,
  reason?: string,
  silent: readonly string[] = [],
  holds = '',
): NativeState {
  const { id, state: letters, hosts } = row;
  const words = hosts.length === 0 ? letters : `${letters} on ${hosts.join(', ')}`;
  if (letters.includes('E')) {
    const detail = reason === undefined ? words : `${words} (${reason})`;
    const hint = `mend what it says and clear it (qmod -cj ${id}), or create another`;
    return { id, state: 'Pending', detail, hint };
  }
  if (letters.includes('d') && silent.length > 0) {
    const detail = `${words}: it is to be deleted, and Grid Engine hears nothing of ${silent.join(', ')}`;
    const hint = `have the host's execd back, or an administrator delete it by force (qdel -f ${id})`;
    return { id, state: 'Unknown', detail, hint };
  }
  const state = stateOf(letters);
  if (state === undefined) {
    return { id, state: 'Unknown', detail: `${words}: letters that are not known here` };
  }
  if (state === 'Pending' && holds !== '') {
    return { id, state, detail: words, hint: releaseOf(id, holds) };
  }
  return { id, state, detail: words, ...(hosts.length > 0 && { nodes: hosts }) };
}

function releaseOf(id: string, holds: string): string {
  if (holds === 'u') return `have it released: qrls ${id}`;
  return `have an operator release it: qrls -h ${holds} ${id}`;
}

function stateOf(letters: string): NativeState['state'] | undefined {
  if (/[sST]/.test(letters)) return 'Suspended';
  if (/[qw]/.test(letters)) return 'Pending';
  return /[rtR]/.test(letters) ? 'Running' : undefined;
}

/** Records of starts that were not the last: it went back into the queue, or was moved. */
const AGAIN = /^(24|25) /;

/** The state of a native job that has left the queue, by the accounting. */
export function accountedState(record: AccountingRecord, isCanceled: boolean): NativeState {
  const { id, failed, exitCode, signal } = record;
  if (AGAIN.test(failed)) {
    return { id, state: 'Unknown', detail: `by the accounting it is to start again: ${failed}` };
  }
  if (record.isForced) {
    return {
      id,
      state: 'Failed',
      detail: 'deleted by force, and nothing is known of how it ended',
    };
  }
  const how =
    signal !== undefined
      ? `ended by ${signal}`
      : exitCode === undefined
        ? ''
        : `exit code ${exitCode}`;
  const detail = [failed === '0' ? '' : `failed ${failed}`, how].filter(Boolean).join(', ');
  const end = {
    id,
    detail: `${detail}, by the accounting`,
    ...(exitCode !== undefined && { exitCode }),
    ...(signal !== undefined && { signal }),
  };
  if (isCanceled) return { ...end, state: 'Canceled' };
  // Where a limit was the reason it has `failed`.
  if (failed === '0' && exitCode === NOTIFIED) {
    return { id, state: 'Canceled', detail: 'deleted while it ran, by the accounting' };
  }
  return { ...end, state: failed === '0' && exitCode === 0 ? 'Done' : 'Failed' };
}
