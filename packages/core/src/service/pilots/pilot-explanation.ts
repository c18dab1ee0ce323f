/** Why a pilot is where it is: no pilot is ever without an answer. */
import { hasConnected, type PilotRecord, presentAgents } from '../../manager/pilot-record.ts';
import { type Explanation, explanation } from '../../model/explanation.ts';
import { isFinalPilotJobState } from '../../model/pilot-job-state.ts';
import { formatDuration } from '../../model/quantity.ts';

/** As many as one reads at a glance. */
const SHOWN_LINES = 10;

/** What an agent has written: where, and the end of it. */
export interface AgentOutput {
  readonly file: string;
  readonly tail: string;
}

/** Explains a pilot; `trouble` is why its resource manager does not answer at present. */
export function explainPilot(
  pilot: Readonly<PilotRecord>,
  output: AgentOutput,
  trouble?: string,
): Explanation {
  const { native, plan, round, state, detail } = pilot;
  const { file, tail } = output;
  const report = native.phase === 'submitting' ? undefined : native.report;
  const agents = [...pilot.agents.values()].map(({ id, node, at }) => ({
    id,
    host: node.host,
    ...at,
  }));
  const isMute = state === 'Failed' && tail === '';
  return explanation({
    state,
    summary: isMute ? `${detail}; its agent has written nothing to ${file}` : detail,
    ...withTrouble(
      pilot,
      trouble,
      advice(pilot, tail === '' ? [] : ['see what the agent has written']),
    ),
    details: {
      rm: plan.rm,
      round,
      ...(report && { native: report }),
      ...(trouble !== undefined && { trouble }),
      agents,
    },
    ...(tail !== '' && { lastOutput: lastLines(output) }),
  });
}

// Of a Node.js that cannot start they are most of what is written, and what is wrong stands above them.
const STACK_FRAME = /^ +at /;

/** The last lines, after a word on those that are left out; of many, none of a stack trace's places. */
function lastLines({ file, tail }: AgentOutput): string {
  const lines = tail.trimEnd().split('\n');
  if (lines.length <= SHOWN_LINES) return tail;
  const telling = lines.filter((line) => !STACK_FRAME.test(line));
  const shown = telling.slice(-SHOWN_LINES);
  const more = lines.length - shown.length;
  // The tail may not be all of it.
  const count = `at least ${more} more ${more === 1 ? 'line' : 'lines'}`;
  const where = telling.length === lines.length ? 'before' : 'before and between';
  return [`(${count} ${where} these in ${file})`, ...shown].join('\n');
}

interface Advice {
  readonly waitsFor: string[];
  readonly wouldHelp: string[];
}

/** What a resource manager says is old while it does not answer. */
function withTrouble(
  pilot: Readonly<PilotRecord>,
  trouble: string | undefined,
  given: Advice,
): Advice {
  if (trouble === undefined || isFinalPilotJobState(pilot.state)) return given;
  return { ...given, waitsFor: [`${pilot.plan.rm} to answer: ${trouble}`, ...given.waitsFor] };
}

function advice(pilot: Readonly<PilotRecord>, read: readonly string[]): Advice {
  const { plan, state, ending, native } = pilot;
  const isHere = plan.type === 'local';
  if (native.phase === 'live' && native.report.state === 'Unknown' && !hasConnected(pilot)) {
    const { hint } = native.report;
    if (hint !== undefined) return { waitsFor: [`${plan.rm} to know of it`], wouldHelp: [hint] };
  }
  switch (state) {
    case 'New':
      return { waitsFor: [`${plan.rm} to accept it`], wouldHelp: [] };
    case 'Pending':
      return pendingAdvice(pilot, read);
    case 'Running':
      if (ending === undefined) return { waitsFor: [], wouldHelp: [] };
      return { waitsFor: ['its agents to end'], wouldHelp: [] };
    case 'Suspended':
      if (isHere) return { waitsFor: ['its process to go on'], wouldHelp: ['send it SIGCONT'] };
      return { waitsFor: [`${plan.rm} to resume it`], wouldHelp: ['resume it there'] };
    case 'Unknown': {
      const hint = native.phase === 'live' ? native.report.hint : undefined;
      return {
        waitsFor: ['its agent to call again, or the resource manager to say that it is over'],
        wouldHelp: isHere ? [...read] : [hint ?? CHECK_NETWORK],
      };
    }
    case 'Failed':
      return { waitsFor: [], wouldHelp: [...read, ...failedAdvice(pilot)] };
    case 'Done':
    case 'Canceled':
      return { waitsFor: [], wouldHelp: [] };
  }
}

const CHECK_NETWORK = 'check the network between this host and its nodes';

// Less starts sooner where others are in the way, not where nodes are down or a date is waited for.
const CROWDED = /\((Resources|Priority)\)/;

function pendingAdvice({ plan, native }: Readonly<PilotRecord>, read: readonly string[]): Advice {
  const isHere = plan.type === 'local';
  // What is accepted on this machine waits in no queue.
  if (native.phase === 'live' && (isHere || native.report.state === 'Running')) {
    const limit = formatDuration(plan.policy.registrationMs / 1000);
    return {
      waitsFor: [`its agent to register, for ${limit} at most`],
      wouldHelp: isHere ? [...read] : [...read, 'check that its node reaches this host'],
    };
  }
  if (native.phase === 'live' && native.report.hint !== undefined) {
    return { waitsFor: ['somebody to change what keeps it'], wouldHelp: [native.report.hint] };
  }
  const isCrowded = native.phase === 'live' && CROWDED.test(native.report.detail);
  const help = isCrowded ? 'ask for less, or for another queue' : 'wait';
  return { waitsFor: [`${plan.rm} to start it`], wouldHelp: isHere ? [] : [help] };
}

function failedAdvice(pilot: Readonly<PilotRecord>): string[] {
  const { native } = pilot;
  if (native.phase === 'over' && native.report.hint !== undefined) return [native.report.hint];
  if (presentAgents(pilot).length > 0) return ['create another pilot'];
  const { type, description } = pilot.plan;
  const hasCommands = (description.initCommands ?? []).length > 0;
  const check = hasCommands && native.phase === 'over' ? [CHECK_COMMANDS] : [];
  if (type !== 'local') {
    return [
      ...check,
      'check that Node.js 20.19 or newer is on the node (agent.node, initCommands)',
      'check that the node reaches this host (listen)',
    ];
  }
  if (description.agent?.node !== undefined) {
    return [...check, 'check that agent.node is Node.js 20.19 or newer, or leave it out'];
  }
  return [...check, 'create another pilot'];
}

// The script that they are in tells of one that fails, and cannot tell of one that ends it.
const CHECK_COMMANDS =
  'check the initCommands: one may have ended the script before the agent (no `exit`, no `exec`)';
