/**
 * Units that are here before they may run: each starts after another one of its service that this agent
 * has, once that has ended well, and is handed back when it does not. So what depends on it starts without a
 * word to the manager, which hears of both ends in their order. They wait for no slots, and are few:
 * a manager promises no more than there are cores.
 */
import type { UnitColumns } from '../protocol/messages.ts';
import type { PromisedUnit, ServiceWork, Template, UnitRows } from './service-work.ts';
import type { UnitQueue } from './unit-queue.ts';

export class PromisedUnits {
  readonly #queue: UnitQueue<ServiceWork, Template>;

  constructor(queue: UnitQueue<ServiceWork, Template>) {
    this.#queue = queue;
  }

  accept(
    service: ServiceWork,
    priority: number,
    template: Template,
    { units, attempts, own }: UnitRows,
    after: UnitColumns,
  ): void {
    for (let row = 0; row < units.length; row++) {
      const promised: PromisedUnit = {
        unit: units[row] as number,
        attempt: attempts[row] as number,
        priority,
        template,
        own: own?.[row] ?? null,
        after: { unit: after.units[row] as number, attempt: after.attempts[row] as number },
      };
      const well = whetherEndedWell(service, promised.after);
      if (well === undefined) this.#keep(service, promised);
      else this.#settle(service, promised, well);
    }
  }

  /** The manager wants it back; whether it was here. */
  takeBack(service: ServiceWork, unit: number, attempt: number): boolean {
    const taken = take(service, (each) => each.unit === unit && each.attempt === attempt);
    for (const promised of taken) this.#settle(service, promised, false);
    return taken.length > 0;
  }

  /** Hands back all of a service's. */
  evict(service: ServiceWork): void {
    for (const { unit, attempt } of take(service, () => true)) {
      service.box.returned(unit, attempt, false, 'evicted');
    }
  }

  #keep(service: ServiceWork, promised: PromisedUnit): void {
    service.promised = [...service.promised, promised];
    service.box.tell((unit, attempt, well) => {
      const isNext = ({ after }: PromisedUnit) => after.unit === unit && after.attempt === attempt;
      for (const each of take(service, isNext)) this.#settle(service, each, well);
    });
  }

  #settle(service: ServiceWork, promised: PromisedUnit, mayRun: boolean): void {
    const { unit, attempt, priority, template, own } = promised;
    if (!mayRun) {
      service.box.returned(unit, attempt, false, 'asked');
      return;
    }
    const columns = { units: Uint32Array.of(unit), attempts: Uint16Array.of(attempt) };
    this.#queue.push(service, priority, template, columns, own === null ? undefined : [own]);
  }
}

/**
 * Undefined while it is here. It may be over by now; if so its end is not acknowledged, or the manager would
 * not have promised anything to follow it.
 */
function whetherEndedWell(
  { attempts, box }: ServiceWork,
  { unit, attempt }: PromisedUnit['after'],
): boolean | undefined {
  return box.hasEndedWell(unit, attempt) ?? (attempts.of(unit) === attempt ? undefined : false);
}

function take(
  service: ServiceWork,
  isTaken: (promised: PromisedUnit) => boolean,
): readonly PromisedUnit[] {
  const taken = service.promised.filter(isTaken);
  if (taken.length > 0) service.promised = service.promised.filter((each) => !isTaken(each));
  if (service.promised.length === 0) service.box.tell(undefined);
  return taken;
}
