/** Why a pilot is where it is: no pilot is ever without an answer. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type PilotRecord, presentAgents } from '../manager/pilot-record.ts';
import { type Explanation, explanation } from '../model/explanation.ts';
import { formatDuration } from '../model/quantity.ts';

const TAIL_BYTES = 4096;

/** Explains a pilot; `lastOutput` is the end of what its agent has written. */
export function explainPilot(pilot: Readonly<PilotRecord>, lastOutput: string): Explanation {
  const { native, plan, round } = pilot;
  const report = native.phase === 'submitting' ? undefined : native.report;
  const agents = [...pilot.agents.values()].map(({ id, node, at }) => ({
    id,
    host: node.host,
    ...at,
  }));
  return explanation({
    state: pilot.state,
    summary: pilot.detail,
    ...advice(pilot),
    details: { rm: plan.rm, round, ...(report && { native: report }), agents },
    ...(lastOutput !== '' && { lastOutput }),
  });
}

function advice(pilot: Readonly<PilotRecord>): { waitsFor: string[]; wouldHelp: string[] } {
  const { plan, native, state, ending } = pilot;
  const limit = formatDuration(plan.policy.registrationMs / 1000);
  switch (state) {
    case 'New':
      return { waitsFor: [`${plan.rm} to accept it`], wouldHelp: [] };
    case 'Pending':
      if (native.phase === 'live' && native.report.state === 'Running') {
        return {
          waitsFor: [`its agent to register, for ${limit} at most`],
          wouldHelp: ['see what the agent has written', 'check that its node reaches this host'],
        };
      }
      return {
        waitsFor: [`${plan.rm} to start it`],
        wouldHelp: ['ask for less, or for another queue'],
      };
    case 'Running':
      if (ending === undefined) return { waitsFor: [], wouldHelp: [] };
      return { waitsFor: ['its agents to end'], wouldHelp: [] };
    case 'Suspended':
      return { waitsFor: [`${plan.rm} to resume it`], wouldHelp: ['resume it there'] };
    case 'Unknown':
      return {
        waitsFor: ['its agent to call again, or the resource manager to say that it is over'],
        wouldHelp: ['check the network between this host and its nodes'],
      };
    case 'Failed':
      return { waitsFor: [], wouldHelp: failedAdvice(pilot) };
    case 'Done':
    case 'Canceled':
      return { waitsFor: [], wouldHelp: [] };
  }
}

function failedAdvice(pilot: Readonly<PilotRecord>): string[] {
  if (presentAgents(pilot).length > 0)
    return ['see what the agent has written', 'create another pilot'];
  return [
    'see what the agent has written',
    'check that Node.js 20.19 or newer is on the node (agent.node, initCommands)',
    'check that the node reaches this host (listen)',
  ];
}

/** The end of a text file; empty when there is none. */
export function tailOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const count = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const text = bytes.toString('utf8', 0, count);
    // Its first line is a whole one, unless there is but one.
    return size > TAIL_BYTES ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    closeSync(file);
  }
}
