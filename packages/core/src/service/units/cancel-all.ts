/** How all units of a service are canceled, and waited for; and how those of a group are. */
import { isFinal } from '../../manager/state-numbers.ts';
import type { WorkCore } from './work-core.ts';

/** How long agents are waited for to say that what they ran has ended, beyond the units' own grace. */
const SETTLE_MS = 15_000;

type Cancel = (units: readonly number[], why: string) => Promise<void>;

/** Settles when all units are final, or their agents have not said so in time. */
export async function cancelAll(
  { manager, visible, clock, log, id }: WorkCore,
  cancel: Cancel,
): Promise<void> {
  const { state } = manager;
  const open: number[] = [];
  for (let unit = 0; unit < state.units.size; unit++) {
    if (!visible.isFinal(unit)) open.push(unit);
  }
  if (open.length === 0) return;
  await cancel(open, 'its service was canceled');
  const graceMs = open.reduce(
    (most, unit) => Math.max(most, state.template(unit).description.maxCancellationTime * 1000),
    0,
  );
  await new Promise<void>((resolve) => {
    const timer = clock.after(graceMs + SETTLE_MS, () => {
      log.warn({ service: id }, 'some units have not ended in time; their states are Unknown');
      resolve();
    });
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    visible.allFinal(state.units.size).then(done, done);
  });
}

/** Says so if units are to be canceled that nobody has given up before: perhaps they were forgotten. */
export function sayUnfinished({ manager: { state }, log, id }: WorkCore): void {
  let count = 0;
  for (let unit = 0; unit < state.units.size; unit++) {
    if (isFinal(state.units.state(unit)) || state.isCancelAsked(unit)) continue;
    // Those of a map are of its own making.
    if (state.template(unit).description.call?.isMap !== true) count++;
  }
  if (count === 0) return;
  const what = `${count} unfinished unit${count === 1 ? '' : 's'} canceled at the end of the block`;
  log.warn({ service: id }, `${what}; to have them end, await work.wait() in it`);
}

/** Asks for it of the group's present members. */
export async function cancelGroup(
  { manager: { state } }: WorkCore,
  name: string,
  cancel: Cancel,
): Promise<void> {
  const members: number[] = [];
  for (let unit = 0; unit < state.units.size; unit++) {
    if (state.template(unit).group?.name === name) members.push(unit);
  }
  await cancel(members, `group '${name}' was canceled`);
}
