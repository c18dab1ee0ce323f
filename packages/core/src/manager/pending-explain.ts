/**
 * Why a unit that is free to run is not bound: it is early, no pilot could take it, or others are
 * before it. The questions are asked from the most final obstacle to the least.
 */

import { formatDuration } from '../model/quantity.ts';
import {
  type Capacity,
  describeRequest,
  fits,
  type ResourceRequest,
  whyNot,
} from '../model/resources.ts';
import { formatTimestamp } from '../model/timestamp.ts';
import { limitFor } from '../protocol/unit-time.ts';
import type { ClassQueue } from './class-queue.ts';
import {
  counted,
  describeAttempt,
  type ExplainContext,
  type PilotSummary,
  type Reason,
} from './explain-parts.ts';
import type { AgentPlace } from './places.ts';
import { PAGE_MASK } from './unit-page.ts';
import type { WorkState } from './work-state.ts';

/** A unit, and what there is that might run it. */
interface Case {
  readonly state: WorkState;
  readonly unit: number;
  readonly requests: ClassQueue;
  readonly now: number;
  /** Pilots that have not ended, and that the unit may run on. */
  readonly open: readonly PilotSummary[];
  /** All pilots that the unit may run on. */
  readonly pilots: readonly PilotSummary[];
  /** The places of live agents of those pilots. */
  readonly live: readonly AgentPlace[];
}

/** Of pilots that are not ready in different ways, as many ways are told. */
const NAMED_KINDS = 2;

const ENDED: ReadonlySet<string> = new Set(['Done', 'Canceled', 'Failed']);

/** `inShort` leaves out the position in the queue, which costs a walk along it. */
export function whyPending(
  state: WorkState,
  unit: number,
  context: ExplainContext,
  inShort: boolean,
): Reason {
  const one = caseOf(state, unit, context);
  return (
    untilParked(one) ??
    withoutItsPilot(one) ??
    withoutAgents(one) ??
    withoutRoomAnywhere(one) ??
    withoutPermission(one) ??
    withoutTime(one) ??
    inQueue(one, inShort)
  );
}

/** Why no pilot that there is, or is coming, can take a unit that waits, where that is so. */
export function whyNever(
  state: WorkState,
  unit: number,
  context: ExplainContext,
): Reason | undefined {
  const one = caseOf(state, unit, context);
  const pinned = withoutItsPilot(one);
  if (pinned !== undefined) return pinned;
  const never = one.live.length === 0 ? withoutSize(one) : withoutRoomAnywhere(one);
  const reason = never ?? (one.live.length === 0 ? undefined : withoutPermission(one));
  // Others are pilots on their way.
  return reason?.waitsFor?.length === 1 ? reason : undefined;
}

function caseOf(state: WorkState, unit: number, { pilots, now }: ExplainContext): Case {
  const { requests } = state.template(unit);
  const { pilotJob } = requests.spec.constraints;
  const eligible = pilotJob === undefined ? pilots : pilots.filter(({ id }) => id === pilotJob);
  const live = state.places.all.filter(
    ({ isOpen, pilotId }) => isOpen && (pilotJob === undefined || pilotId === pilotJob),
  );
  const open = eligible.filter((pilot) => !ENDED.has(pilot.state));
  return { state, unit, requests, now, open, pilots: eligible, live };
}

function untilParked({ state, unit }: Case): Reason | undefined {
  const until = state.parked.until(unit);
  if (until === undefined) return undefined;
  const at = formatTimestamp(until);
  const retried = state.units.page(unit).retried[unit & PAGE_MASK] as number;
  if (retried === 0) return { summary: `starts at ${at}`, waitsFor: [`its startTime, ${at}`] };
  const { limit } = state.template(unit).retry;
  return {
    summary: `${describeAttempt(state, unit)}; is tried again at ${at}`,
    waitsFor: [`the delay before retry ${retried} of ${limit}, until ${at}`],
  };
}

function withoutItsPilot({ requests, open, pilots, live }: Case): Reason | undefined {
  const { pilotJob } = requests.spec.constraints;
  if (pilotJob === undefined || open.length > 0 || live.length > 0) return undefined;
  const ended = pilots[0];
  const fate = ended ? `which is ${saying(ended)}` : 'which is not known here';
  return {
    summary: `may run on pilot ${pilotJob} only, ${fate}`,
    waitsFor: [`pilot ${pilotJob}`],
    wouldHelp: [
      ended
        ? 'cancel it, and submit it again without pilotJob'
        : `add the PilotJobService that has ${pilotJob}`,
    ],
  };
}

function withoutAgents(one: Case): Reason | undefined {
  const { state, requests, open, pilots, live } = one;
  if (live.length > 0) return undefined;
  if (open.length === 0) {
    const last = pilots.at(-1);
    return {
      summary: last
        ? `no pilot is left (${last.id} is ${saying(last)}): create one`
        : 'no pilot: create one',
      waitsFor: ['a pilot'],
      wouldHelp: [`create a pilot with ${leastOf(requests)}`],
    };
  }
  return (
    withoutSize(one) ?? {
      summary: outOfTouch(state, open) ?? summaryOfOpen(open),
      waitsFor: ['the agent of a pilot'],
      details: { pilots: open },
    }
  );
}

/** The pilots have no agents yet, and it is known all the same that they are too small. */
function withoutSize({ requests, open }: Case): Reason | undefined {
  const { cores } = requests.request;
  const largest = Math.max(...open.map((pilot) => pilot.cores ?? Number.POSITIVE_INFINITY));
  if (open.length === 0 || largest >= cores) return undefined;
  return {
    summary: `wants ${counted(cores, 'core')}; the largest pilot has ${largest}`,
    waitsFor: [`a pilot with ${leastOf(requests)}`],
    wouldHelp: [`create a pilot with ${leastOf(requests)}`],
  };
}

function outOfTouch({ places }: WorkState, open: readonly PilotSummary[]): string | undefined {
  for (const { status, pilotId, silentWhy } of places.all) {
    if (status !== 'silent' || !open.some(({ id }) => id === pilotId)) continue;
    return `the agent of pilot ${pilotId} is out of touch${silentWhy ? `: ${silentWhy}` : ''}`;
  }
  return undefined;
}

/** `2 pilots are pending: slurm: PENDING (Resources), and pilot p3 is pending: local: accepted`. */
function summaryOfOpen(open: readonly PilotSummary[]): string {
  const bySaying = new Map<string, PilotSummary[]>();
  for (const pilot of open) {
    const kind = bySaying.get(saying(pilot)) ?? [];
    kind.push(pilot);
    bySaying.set(saying(pilot), kind);
  }
  const kinds = [...bySaying.values()];
  const named = kinds.slice(0, NAMED_KINDS).map((kind) => {
    const [{ id, state, detail }] = kind as [PilotSummary];
    const who = kind.length > 1 ? `${kind.length} pilots are` : `pilot ${id} is`;
    return `${who} ${state.toLowerCase()}${detail ? `: ${detail}` : ''}`;
  });
  const others = kinds.slice(NAMED_KINDS).flat().length;
  if (others > 0) named.push(`${others} more ${others === 1 ? 'is' : 'are'} not ready`);
  return named.join(', and ');
}

function withoutRoomAnywhere({ requests, live, open, now }: Case): Reason | undefined {
  const { request } = requests;
  if (live.some(({ capacity }) => fits(request, capacity))) return undefined;
  const nearest = nearestTo(request, live);
  const one = live.filter(({ pilotId }) => pilotId === nearest.pilotId).length === 1;
  const missing = whyNot(request, nearest.capacity) ?? '';
  const inSize = missing.replace('; has', `; the largest ${one ? 'pilot' : 'node of a pilot'} has`);
  const inTime = live.some((place) => place.endsInTime(requests, now))
    ? ''
    : `; it takes ${timeOf(requests)}, and the one that lasts longest has ${longestLeft(live, now)}`;
  return {
    summary: `${inSize}${inTime}`,
    waitsFor: [`a pilot with ${leastOf(requests)}`, ...coming(open, live, request)],
    wouldHelp: [`create a pilot with ${leastOf(requests)}`],
    details: { wants: request, largest: nearest.capacity },
  };
}

/** The place that lacks the fewest kinds of things; among equals the largest. */
function nearestTo(request: ResourceRequest, places: readonly AgentPlace[]): AgentPlace {
  const byLack = places
    .map((place) => ({ place, lack: kindsLacking(request, place.capacity) }))
    .sort((a, b) => a.lack - b.lack || b.place.capacity.cores - a.place.capacity.cores);
  return (byLack[0] as { place: AgentPlace }).place;
}

function kindsLacking(request: ResourceRequest, capacity: Capacity): number {
  const names = Object.keys(request.resources);
  const lacking = names.filter(
    (name) => (request.resources[name] ?? 0) > (capacity.resources[name] ?? 0),
  );
  return (
    lacking.length +
    Number(request.cores > capacity.cores) +
    Number(request.memory > capacity.memory) +
    Number(request.gpus > capacity.gpus)
  );
}

/** Pilots without agents yet that may turn out to be what is missing. */
function coming(
  open: readonly PilotSummary[],
  live: readonly AgentPlace[],
  { cores: wanted }: ResourceRequest,
): string[] {
  return open
    .filter(
      ({ id, cores = wanted }) => cores >= wanted && !live.some((place) => place.pilotId === id),
    )
    .map((pilot) => `pilot ${pilot.id}, which is ${saying(pilot)}`);
}

/** Some places are large enough, and none of these may run it. */
function withoutPermission({ requests, live, open }: Case): Reason | undefined {
  if (live.some((place) => place.possible(requests))) return undefined;
  const { candidateHosts, cpuArchitecture, operatingSystemType } = requests.spec.constraints;
  const roomy = live.filter(({ capacity }) => fits(requests.request, capacity));
  const unmet: string[] = [];
  const check = (
    allowed: readonly string[] | undefined,
    attribute: 'host' | 'cpuArchitecture' | 'operatingSystemType',
  ) => {
    const present = [...new Set(roomy.map(({ record }) => record.node[attribute]))];
    if (allowed === undefined || present.some((value) => allowed.includes(value))) return;
    const shown = present.slice(0, 5).join(', ');
    unmet.push(`runs on ${allowed.join(' or ')} only; the pilots have ${shown}`);
  };
  check(candidateHosts, 'host');
  check(cpuArchitecture, 'cpuArchitecture');
  check(operatingSystemType, 'operatingSystemType');
  return {
    summary: unmet.join(', and ') || 'no single node of a pilot meets all that it asks for',
    waitsFor: ['a pilot that meets its constraints', ...coming(open, live, requests.request)],
    wouldHelp: ['create a pilot that does', 'submit it with weaker constraints'],
    details: { constraints: requests.spec.constraints },
  };
}

/** Every pilot that could run it ends too soon. */
function withoutTime({ requests, live, open, now }: Case): Reason | undefined {
  const possible = live.filter((place) => place.possible(requests));
  if (possible.some((place) => place.endsInTime(requests, now))) return undefined;
  const wanted = timeOf(requests);
  return {
    summary: `starts when a pilot has ${wanted} left; the one that lasts longest has ${longestLeft(possible, now)}`,
    waitsFor: [`a pilot that has ${wanted} left`, ...coming(open, live, requests.request)],
    wouldHelp: [
      `create a pilot with ${leastOf(requests)}`,
      'submit it with a shorter estimatedRunTime, if it takes less',
    ],
  };
}

/** How long a unit says that it takes. */
function timeOf({ spec }: ClassQueue): string {
  return formatDuration((spec.expectedMs ?? 0) / 1000);
}

/** What is left to the place of these that lasts longest; none is without an end. */
function longestLeft(places: readonly AgentPlace[], now: number): string {
  const leftMs = Math.max(...places.map(({ endsAt = now }) => endsAt - now));
  return formatDuration(Math.max(0, Math.floor(leftMs / 1000)));
}

function inQueue({ state, unit, requests }: Case, inShort: boolean): Reason {
  const wants = describeRequest(requests.request);
  if (inShort) return { summary: `waits until a pilot has ${wants} free` };
  const { priority, oldest } = requests;
  const before = state.templates
    .waiting()
    .filter((other) => other !== requests)
    .filter(
      (other) =>
        other.priority > priority || (other.priority === priority && other.oldest < oldest),
    )
    .reduce((sum, other) => sum + other.pending, requests.before(unit));
  const units = before === 1 ? '1 unit is' : `${before} units are`;
  return {
    summary: `waits until a pilot has ${wants} free; ${units} before it`,
    waitsFor: [`a pilot with ${wants} free`],
    details: { before },
  };
}

/** All that a pilot must have to run it: `at least 1 core, 3 gpus, and a wallTimeLimit of 5h2m or more`. */
function leastOf(requests: ClassQueue): string {
  const { request, spec } = requests;
  const size = `at least ${describeRequest(request)}`;
  if (!spec.expectedMs) return size;
  const limit = formatDuration(limitFor(spec.expectedMs) / 1000);
  return `${size}, and a wallTimeLimit of ${limit} or more`;
}

function saying({ state, detail }: PilotSummary): string {
  return detail ? `${state}: ${detail}` : state;
}
