/**
 * The seam between what is the same for DRMAA 1 and 2 and what is not: a session of a library, that
 * native jobs are submitted to and asked about. It knows no launches, and writes nothing down.
 */
import type {
  NativeState,
  ParsedPilotJobDescription,
  ResourceManagerInfo,
} from '@pstar/core/adaptor';
import type { HostNames } from './far-hosts.ts';
import type { LaunchNote } from './launch-notes.ts';

/** What a description becomes in a session's own words. */
export interface Asked {
  /** Option by option, as a script that its users would submit has them at its top. */
  readonly header: readonly string[];
  /** What tells an agent of its node, in the script. */
  readonly nodeLines: string;
  /** Whether there may be several nodes. */
  readonly several: boolean;
  /** The shell's words for a script's own native id; undefined where it is found by its name. */
  readonly ownId: string | undefined;
}

/** What is submitted: a shell that reads the script. */
export interface NativeJob {
  readonly name: string;
  readonly script: string;
  readonly workingDirectory: string;
  /** What the resource manager itself writes goes there. */
  readonly output: string;
  readonly description: ParsedPilotJobDescription;
}

/** Native jobs, by one library. */
export interface NativeJobs {
  /**
   * What a description asks for; nothing is submitted.
   *
   * @throws PilotError `DESCRIPTION_INVALID`, `ATTRIBUTE_UNSUPPORTED`
   */
  plan(name: string, description: ParsedPilotJobDescription): Promise<Asked>;
  /** Gives the native id. */
  submit(job: NativeJob): Promise<string>;
  /**
   * States of those that are not known to be over.
   *
   * @param notes what was written down of them; of the others less can be said
   */
  states(
    ids: readonly string[],
    notes: ReadonlyMap<string, LaunchNote>,
  ): Promise<readonly NativeState[]>;
  /** The native id of one by its name; undefined when there is none, or where none can be looked for. */
  find(name: string): Promise<string | undefined>;
  cancel(ids: readonly string[]): Promise<void>;
  info(): Promise<ResourceManagerInfo>;
  /** The hosts that there are, each by all of its names; none where that cannot be known. */
  hosts(): Promise<readonly HostNames[]>;
  /** @param pilots how many still need the session */
  close(pilots: number): Promise<void>;
}
