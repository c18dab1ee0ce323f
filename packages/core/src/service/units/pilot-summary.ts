/** What explanations of units say of pilots. */
import type { PilotSummary } from '../../manager/explain-parts.ts';
import type { PilotJob } from '../base/pilot-job.ts';

/** A pilot as an explanation needs it. */
export function summaryOf(pilot: PilotJob): PilotSummary {
  const { id, state, stateDetail, description } = pilot;
  const { totalCpuCount } = description;
  return {
    id,
    state,
    detail: stateDetail,
    ...(totalCpuCount !== undefined && { cores: totalCpuCount }),
  };
}
