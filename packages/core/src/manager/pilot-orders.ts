/** What the pilot machine has agents told, and what it wants to be reminded of and when. */
import type { PilotEffect } from './pilot-events.ts';
import { type AgentRecord, type PilotRecord, saidOf } from './pilot-record.ts';

type Reminder = Extract<PilotEffect, { readonly type: 'remind' }>;

/** How long a resource manager may take to end a native job before the agent's lease is proof enough. */
const CERTAIN_MS = 60_000;

/** How an agent of a pilot that is to end is told so, and why. */
export function endOrder(pilot: Readonly<PilotRecord>): { graceMs: number; why: string } {
  const { ending, plan } = pilot;
  const said = saidOf(pilot);
  // What is said to be over may be killed at any moment: there is no time to lose.
  if (said !== undefined) {
    return { graceMs: 0, why: `${plan.type} calls its native job ${said.state}` };
  }
  const isReinitialized = ending?.why === 'reinitialized';
  const why = isReinitialized ? 'its pilot is reinitialized' : 'its pilot is canceled';
  return { graceMs: plan.policy.graceMs, why };
}

/** Its first agent should have registered by then. */
function registration({ id: pilot, round, plan }: Readonly<PilotRecord>, at: number): Reminder {
  const input = { type: 'registration-due', pilot, round, at } as const;
  return { type: 'remind', ms: plan.policy.registrationMs, input };
}

/** Its agents should have ended by then, and its native job with them. */
function grace({ id: pilot, round, plan }: Readonly<PilotRecord>, at: number): Reminder {
  const input = { type: 'grace-due', pilot, round, at } as const;
  return { type: 'remind', ms: plan.policy.patienceMs, input };
}

/** An agent that is out of touch has ended its units and itself by then. */
function fence(
  { id: pilot, plan }: Readonly<PilotRecord>,
  { id: agent, silences: silence }: AgentRecord,
  at: number,
): Reminder {
  const input = { type: 'fence-due', pilot, agent, silence, certain: false, at } as const;
  return { type: 'remind', ms: plan.policy.fenceMs, input };
}

/** As {@link fence}, with the time that its resource manager has to end the native job. */
function certainty(
  { id: pilot }: Readonly<PilotRecord>,
  { id: agent, silences: silence }: AgentRecord,
  at: number,
): Reminder {
  const input = { type: 'fence-due', pilot, agent, silence, certain: true, at } as const;
  return { type: 'remind', ms: CERTAIN_MS, input };
}

/** Reminders, by what they are of. */
export const remind = { registration, grace, fence, certainty } as const;
