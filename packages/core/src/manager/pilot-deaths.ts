/** When a unit is taken for the cause of pilots' deaths. Those beside it are counted in one byte. */

/** A unit that was running at this many pilots' deaths may be the cause of them. */
const CRASH_LIMIT = 3;
/** One that kills its pilot at once may do so before anybody hears that it has started. */
const SUSPICION_LIMIT = 10;
/** How much of the byte each death takes at which a unit may have been about to start; others take 1. */
export const SUSPICION = 16;

/** How many deaths there are in the byte. */
export function deathsIn(crashes: number): number {
  return (crashes % SUSPICION) + Math.floor(crashes / SUSPICION);
}

/** Why a unit is not run again, if that is so. */
export function tooManyDeaths(crashes: number): string | undefined {
  if (crashes % SUSPICION >= CRASH_LIMIT) {
    return `was running when ${CRASH_LIMIT} pilots died, and may be what kills them`;
  }
  if (crashes < SUSPICION_LIMIT * SUSPICION) return undefined;
  return `was about to run when ${SUSPICION_LIMIT} pilots died, and may be what kills them`;
}
