/** A connection as requirements use it: submits launches, and waits for their states. */
import type { AgentLaunch, NativeState, ResourceManager } from '@pstar/core/adaptor';
import { must } from './check.ts';
import { eventually } from './waiting.ts';

/** The states that do not change any more. */
export const ENDS = ['Done', 'Canceled', 'Failed'] as const satisfies NativeState['state'][];

/** Whether a native job is over, by that state. */
export function isEnd({ state }: NativeState): boolean {
  return (ENDS as readonly string[]).includes(state);
}

/** Fails when one that runs is said to be over, or is not known: a minute of that, and it is given up. */
export function mustKnow(said: readonly NativeState[], id: string): void {
  const found = said.find((each) => each.id === id);
  const isKnown = found !== undefined && found.state !== 'Unknown';
  must(isKnown, `${id} is not known, and states() does not reject`);
  must(!isEnd(found), `it is said to be ${found.state}: ${found.detail}`);
}

/** One connection to the resource manager. */
export class Connection {
  readonly manager: ResourceManager;
  readonly #patienceMs: number;
  readonly #accepted: Set<string>;
  /** What was pushed last, by native id. */
  readonly #pushed = new Map<string, NativeState>();

  /** @param accepted takes the ids of all that is submitted, to be ended afterwards */
  constructor(manager: ResourceManager, patienceMs: number, accepted: Set<string>) {
    this.manager = manager;
    this.#patienceMs = patienceMs;
    this.#accepted = accepted;
    manager.states$?.subscribe((state) => this.#pushed.set(state.id, state));
  }

  /** The native id of a launch. */
  async submit(launch: AgentLaunch, signal?: AbortSignal): Promise<string> {
    const id = await this.manager.submit(launch, signal === undefined ? {} : { signal });
    this.#accepted.add(id);
    return id;
  }

  /** The native ids of launches that are submitted at once. */
  submitAll(launches: readonly AgentLaunch[]): Promise<string[]> {
    return Promise.all(launches.map((launch) => this.submit(launch)));
  }

  /** As asked for, or as pushed where the adaptor does only that. */
  async states(ids: readonly string[]): Promise<readonly NativeState[]> {
    if (this.manager.states !== undefined) return this.manager.states(ids);
    return ids.flatMap((id) => this.#pushed.get(id) ?? []);
  }

  /** What is said of one native job. */
  async stateOf(id: string): Promise<NativeState> {
    const state = (await this.states([id])).find((each) => each.id === id);
    return state ?? { id, state: 'Unknown', detail: 'nothing is said of it' };
  }

  /** What was pushed last of a native job. */
  pushed(id: string): NativeState | undefined {
    return this.#pushed.get(id);
  }

  /** Waits for one of these states; fails at once when it is over in another. */
  async until(id: string, ...wanted: readonly NativeState['state'][]): Promise<NativeState> {
    let last: NativeState | undefined;
    const said = () => `${wanted.join(' or ')}; of ${id} is said ${last?.state}: ${last?.detail}`;
    return eventually(
      async () => {
        last = await this.stateOf(id);
        if (wanted.includes(last.state)) return last;
        must(!isEnd(last), `waited for ${said()}`);
        return undefined;
      },
      said,
      this.#patienceMs,
    );
  }

  /** Waits until all are over, however. */
  untilOver(ids: readonly string[]): Promise<NativeState[]> {
    return Promise.all(ids.map((id) => this.until(id, ...ENDS)));
  }

  /** What find() gives; fails for an adaptor that has none. */
  async find(name: string): Promise<string | undefined> {
    must(this.manager.find !== undefined, 'the adaptor has no find()');
    return this.manager.find(name);
  }
}
