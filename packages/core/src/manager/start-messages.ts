/** Bindings as the messages that make an agent start them. */
import { hasArgsElsewhere } from '../model/packed-args.ts';
import type { StartRun, UnitTemplateMessage } from '../protocol/messages.ts';
import type { Binding } from './binding-round.ts';
import { toldArgs } from './call-args.ts';
import { isNameOnly } from './own-part.ts';
import { toldOwn } from './staged-files.ts';
import { columnsOf } from './unit-columns.ts';
import type { WorkEffect } from './work-events.ts';
import type { WorkState } from './work-state.ts';

/** A run of units is cut where what they have of their own fills a frame. */
const RUN_CHARACTERS = 256 * 1024;

/** The start effect of a binding: templates that the agent does not have yet, and runs of units. */
export function startEffect(
  state: WorkState,
  { place, units, after }: Binding & { readonly after?: readonly number[] },
): WorkEffect {
  const templates: UnitTemplateMessage[] = [];
  const runs: StartRun[] = [];
  for (let from = 0; from < units.length; ) {
    const template = state.template(units[from] as number);
    let to = from;
    let characters = 0;
    let own: (string | null)[] | undefined;
    while (to < units.length && state.template(units[to] as number) === template) {
      const told = toldOf(state, units[to] as number);
      if (told !== null) own ??= new Array<null>(to - from).fill(null);
      own?.push(told);
      to++;
      characters += told?.length ?? 0;
      if (characters > RUN_CHARACTERS) break;
    }
    if (!place.templatesSent.has(template.id)) {
      place.templatesSent.add(template.id);
      templates.push(template.message);
    }
    const part = to - from === units.length ? units : units.slice(from, to);
    runs.push({
      template: template.id,
      priority: template.requests.priority,
      ...columnsOf(state, part),
      ...(own && { own }),
      ...(after && { after: columnsOf(state, after.slice(from, to)) }),
    });
    from = to;
  }
  return { type: 'start', agentId: place.record.agentId, link: place.links, templates, runs };
}

/** Nothing for a unit that has but a name of its own, as those of graphs do: agents know no names. */
function toldOf({ units, values }: WorkState, unit: number): string | null {
  if (units.hasOnlyName(unit)) return null;
  const own = units.own(unit);
  if (own === null || isNameOnly(own)) return null;
  return hasArgsElsewhere(own) ? toldArgs(own, values) : toldOwn(own);
}
