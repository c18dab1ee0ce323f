/** Which large arguments of earlier lives of a service are still wanted: those of units that have not ended. */
import { argsOf, hasArgsElsewhere } from '../../model/packed-args.ts';
import type { WorkCore } from './work-core.ts';

type Core = Pick<WorkCore, 'manager' | 'visible' | 'values' | 'log'>;

/** Removes the others. To be called before anything is submitted. */
export async function dropUnusedArguments(core: Core): Promise<void> {
  await core.values.arguments
    .restore(wantedArguments(core))
    .catch((error) => core.log.warn({ err: error }, 'old arguments of calls cannot be removed'));
}

function* wantedArguments({ manager, visible }: Core): Iterable<readonly [number, string[]]> {
  const { templates, units } = manager.state;
  let areCalls = false;
  for (let id = 0; id < templates.size; id++) areCalls ||= templates.at(id).isSingleCall;
  for (let unit = 0; areCalls && unit < units.size; unit++) {
    if (visible.isFinal(unit)) continue;
    const own = units.own(unit);
    if (own === null || !hasArgsElsewhere(own)) continue;
    const files = argsOf(own)?.files ?? [];
    if (files.length > 0) yield [unit, files.map(([, sha256]) => sha256)];
  }
}
