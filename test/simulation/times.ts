/** How patient the simulated cluster is: shorter than in life, in the same proportions. */
import { linkTimes, pilotPolicy } from '../../packages/core/src/service/agents/pilot-launch.ts';

/** What every pilot is asked for with. */
const PILOT = { agent: { lease: 3, heartbeat: 0.5 } };

export const { heartbeatMs: HEARTBEAT_MS, leaseMs: LEASE_MS } = linkTimes(PILOT);

export const POLICY = pilotPolicy(PILOT, { registrationTimeoutMs: 20_000 });

export const GRACE_MS = POLICY.graceMs;
