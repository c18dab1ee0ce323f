/** What a pilot's state is, by what its hosts say of their agents. PURE. */
import type { NativeState } from '@pstar/core/adaptor';
import type { AgentState } from './host/agent-scripts.ts';
import type { AgentEnd, LaunchRecord, PartRecord } from './launch-records.ts';

/** What is known of a host's share at this moment: its agent's state, or why it is not known. */
export type PartView =
  | AgentState
  | {
      readonly state: 'out-of-reach';
      readonly why: string;
      /** The way out. */
      readonly hint?: string;
    };

const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

/** The native id of a launch: its name, and for people its hosts. */
export function nativeIdOf({ name, parts }: LaunchRecord): string {
  return `${name}@${parts.map(({ target }) => target).join(',')}`;
}

/** The name of the launch that has a native id. */
export function launchNameOf(id: string): string {
  return id.split('@')[0] as string;
}

/** The state of the whole; it runs while any of it does. */
export function nativeStateOf(
  record: LaunchRecord,
  viewOf: (part: PartRecord) => PartView | undefined,
): NativeState {
  const id = nativeIdOf(record);
  const open = record.parts.filter(({ end }) => end === undefined);
  const words = record.parts.map((part) => wordsOf(part, viewOf(part)));
  const detail = words.join('; ');
  if (open.length === 0) return { id, detail, ...endOf(record) };
  const isStopped = open.every((part) => viewOf(part)?.state === 'stopped');
  const nodes = open.map(({ node }) => node);
  const hint = hintOf(open.map(viewOf));
  const state = isStopped ? 'Suspended' : 'Running';
  return { id, state, detail, nodes, ...(hint !== '' && { hint }) };
}

/** What would have hosts that are out of reach answer again. */
function hintOf(views: readonly (PartView | undefined)[]): string {
  const hints = views.flatMap((view) => (view?.state === 'out-of-reach' ? (view.hint ?? []) : []));
  return [...new Set(hints)].join('; ');
}

function wordsOf({ node, end }: PartRecord, view: PartView | undefined): string {
  if (end !== undefined) return `${node}: ${endWords(end)}`;
  if (view?.state === 'out-of-reach') return view.why;
  if (view?.state === 'stopped') return `process ${view.pid} on ${node} is stopped`;
  if (view?.state === 'running') return `process ${view.pid} on ${node}`;
  return `on ${node}`;
}

function endWords(end: AgentEnd): string {
  if ('lost' in end) return `ended: ${end.lost}`;
  const signal = signalOf(end.exitCode);
  return signal === undefined ? `ended with exit code ${end.exitCode}` : `ended by ${signal}`;
}

/** What a signal has ended, a shell ends with 128 and the signal's number. */
function signalOf(exitCode: number): string | undefined {
  return exitCode > 128 ? (SIGNALS[exitCode - 128] ?? `signal ${exitCode - 128}`) : undefined;
}

/** An agent that died cost its own units only: the pilot is well if any of them ended well. */
function endOf({ parts, isCanceled }: LaunchRecord): Omit<NativeState, 'id' | 'detail'> {
  if (isCanceled) return { state: 'Canceled' };
  const codes = parts.flatMap(({ end }) =>
    end !== undefined && 'exitCode' in end ? end.exitCode : [],
  );
  if (codes.includes(0)) return { state: 'Done', exitCode: 0 };
  const [code] = codes;
  if (code === undefined) return { state: 'Failed' };
  const signal = signalOf(code);
  return { state: 'Failed', ...(signal === undefined ? { exitCode: code } : { signal }) };
}
