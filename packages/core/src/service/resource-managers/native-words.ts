/** What adaptors say of native jobs, held to what the contract has words for. */
import type { NativeState } from '../../adaptor/adaptor.ts';
import { PILOT_JOB_STATES } from '../../model/pilot-job-state.ts';
import type { Log } from '../../runtime/log.ts';

/** Those of pilots, but for the one that they have before anybody else has heard of them. */
const STATES: ReadonlySet<unknown> = new Set(PILOT_JOB_STATES.filter((state) => state !== 'New'));

/** Reads states, and warns once of each word that is none. */
export class NativeWords {
  readonly #log: Log;
  /** Names the resource manager in the log. */
  readonly #rm: string;
  readonly #warned = new Set<string>();

  constructor(log: Log, rm: string) {
    this.#log = log;
    this.#rm = rm;
  }

  /** The state as the core knows it: what is none is `Unknown`, with the adaptor's word in the detail. */
  read(said: NativeState): NativeState {
    if (STATES.has(said.state)) return said;
    const word = String(said.state);
    if (!this.#warned.has(word)) {
      this.#warned.add(word);
      const about = { rm: this.#rm, state: word, known: [...STATES].join(', ') };
      this.#log.warn(about, `the adaptor says '${word}', which is no state: taken as Unknown`);
    }
    return { ...said, state: 'Unknown', detail: `'${word}' is no state: ${said.detail}` };
  }
}
