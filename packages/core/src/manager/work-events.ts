/**
 * The manager's three languages: what comes in, what has happened, and what is to be done.
 *
 * Events are what the journal holds; they say everything that replaying needs, and in columns, so
 * that a thousand reports are one record. What follows from an event by the state alone (dependents
 * set free, a retry within its limit) is not written down again.
 */
import type { NodeInfo } from '../model/resources.ts';
import type { ParsedWorkUnitDescription } from '../model/work-unit-description.ts';
import type {
  EndedColumns,
  HeldUnits,
  ReturnedColumns,
  StartedColumns,
  StartRun,
  UnitColumns,
  UnitTemplateMessage,
} from '../protocol/messages.ts';

/** A template as it is journalled: its number, and the parsed description as plain data. */
export interface TemplateRecord {
  readonly id: number;
  readonly description: ParsedWorkUnitDescription;
}

/** Units as a submit hands them over, all of them checked. */
export interface Submission {
  /** The number that the first unit gets. */
  readonly first: number;
  readonly count: number;
  /** Templates that were not there before. */
  readonly templates: readonly TemplateRecord[];
  /** Pairs of template and how many units in a row have it. */
  readonly runs: readonly number[];
  /** JSON of what each unit has of its own, or null; absent when none has any, or parts have it. */
  readonly own?: readonly (string | null)[];
  /**
   * Triples of row, 2 × target + (1 if on success), and what the target is (edge-targets.ts). In old
   * journals they are a list. Absent also when parts have them.
   */
  readonly edges?: Uint32Array | readonly number[];
  /** The groups that edges name. */
  readonly groups?: readonly string[];
}

/**
 * Some rows of a submission that has very many, with parts of their own or edges. They come right before
 * it and become durable with it: so they can be made, encoded and read in portions, and what counts is
 * still one record.
 */
export interface SubmissionPart {
  readonly type: 'part';
  /** The first of its rows, counted from the submission's first. */
  readonly row: number;
  readonly count: number;
  /** JSON of what each row has of its own, a line each, empty for nothing; absent when none has any. */
  readonly own?: string;
  /** Said where that is nothing but names. */
  readonly onlyNames?: true;
  /** As a submission has them. */
  readonly edges?: Uint32Array;
}

/** A submission as it is handed over, in one piece or with its parts. */
export interface Submitted extends Submission {
  readonly parts?: readonly SubmissionPart[];
}

/**
 * How an agent has come to its end. `ended`: it said goodbye, after it had reported all that it
 * started. `vanished`: its native job ended in good order, and it without a word. `lost`: it
 * died, perhaps of what it ran.
 */
export type AgentEnding = 'ended' | 'vanished' | 'lost';

/** An agent, as the journal remembers it. */
export interface PlaceRecord {
  readonly agentId: string;
  readonly pilotId: string;
  /** The service that has its pilot; not in what earlier versions have written. */
  readonly serviceId?: string;
  readonly node: NodeInfo;
}

export type WorkInput =
  | { readonly type: 'submit'; readonly now: number; readonly submission: Submitted }
  | { readonly type: 'group'; readonly now: number; readonly name: string }
  | {
      readonly type: 'cancel';
      readonly now: number;
      readonly units: readonly number[];
      /** What canceled them, as half a sentence: `its group was canceled`; or empty. */
      readonly why: string;
    }
  | {
      readonly type: 'agent-joined';
      readonly now: number;
      readonly place: PlaceRecord;
      readonly endsAt: number | undefined;
      /** What it says it holds; absent for an agent that holds nothing of this service. */
      readonly held: HeldUnits | undefined;
      /** Is to be given no units. */
      readonly isRetired?: boolean;
    }
  | {
      readonly type: 'agent-ends';
      readonly now: number;
      readonly agentId: string;
      readonly endsAt: number | undefined;
    }
  | {
      readonly type: 'agent-silent';
      readonly now: number;
      readonly agentId: string;
      readonly why: string;
    }
  /** Is to be given no more units until it joins anew; what it has, it ends. */
  | { readonly type: 'agent-retired'; readonly now: number; readonly agentId: string }
  | {
      readonly type: 'agent-gone';
      readonly now: number;
      readonly agentId: string;
      readonly how: AgentEnding;
      readonly detail: string;
    }
  | {
      readonly type: 'report';
      readonly now: number;
      readonly agentId: string;
      /** Acknowledged to the agent once the report is journalled. */
      readonly seq: number;
      readonly started?: StartedColumns;
      readonly ended?: EndedColumns;
      readonly returned?: ReturnedColumns;
    }
  /** Agents of an earlier life that no open service has shown by now are in doubt. */
  | { readonly type: 'left-behind'; readonly now: number }
  /** Whoever carries decisions out was held up for so long, and may be again. */
  | { readonly type: 'stood-still'; readonly now: number; readonly ms: number }
  | { readonly type: 'time'; readonly now: number };

export type WorkEvent =
  | SubmissionPart
  | {
      readonly type: 'accepted';
      readonly at: number;
      readonly submission: Submission;
    }
  | { readonly type: 'group'; readonly name: string }
  | { readonly type: 'place'; readonly place: PlaceRecord }
  /** Units in the order in which their classes gave them up, with pairs of place and how many. */
  | { readonly type: 'bound'; readonly runs: Uint32Array; readonly units: Uint32Array }
  /** Units that wait for one more each, which that place has: it has them as well from now on. */
  | { readonly type: 'promised'; readonly place: number; readonly units: Uint32Array }
  | {
      readonly type: 'reported';
      readonly place: number;
      readonly at: number;
      readonly started?: StartedColumns;
      readonly ended?: EndedColumns;
      readonly returned?: ReturnedColumns;
    }
  /** An agent came back with these, in phases 0 waiting, 1 running. */
  | ({
      readonly type: 'held';
      readonly place: number;
      readonly at: number;
      readonly phases: Uint8Array;
    } & UnitColumns)
  /** Bound to that place, and it has never heard of them: free again. */
  | {
      readonly type: 'unheard';
      readonly place: number;
      readonly at: number;
      readonly units: Uint32Array;
    }
  /** Their start time or the delay of their retry is over. */
  | { readonly type: 'due'; readonly units: Uint32Array }
  | {
      readonly type: 'cancel-asked';
      readonly at: number;
      readonly units: Uint32Array;
      readonly why: string;
    }
  | { readonly type: 'out-of-touch'; readonly place: number; readonly why: string }
  | {
      readonly type: 'place-gone';
      readonly place: number;
      readonly at: number;
      readonly how: AgentEnding;
      readonly detail: string;
      /** Of one that died, units that it had slots for and that nobody heard the start of. */
      readonly unheard?: Uint32Array;
      /** Units that go back to the end of their queues, apart from another that may be the culprit. */
      readonly apart?: Uint32Array;
    };

export type WorkEffect =
  | {
      readonly type: 'start';
      readonly agentId: string;
      /**
       * Which of the agent's links it is for, counted from 1. On a later one it must not be sent:
       * when the agent came back without these units they were given to others.
       */
      readonly link: number;
      readonly templates: readonly UnitTemplateMessage[];
      readonly runs: readonly StartRun[];
    }
  | ({ readonly type: 'cancel' | 'recall'; readonly agentId: string } & UnitColumns)
  | { readonly type: 'ack'; readonly agentId: string; readonly seq: number }
  /** Call with a `time` input then. */
  | { readonly type: 'wake'; readonly at: number };

/** What one input led to. */
export interface WorkStep {
  readonly events: readonly WorkEvent[];
  readonly effects: readonly WorkEffect[];
  /** Every move of a unit in order, as 16 × unit + number of the new state. */
  readonly moves: Uint32Array;
  /** The first unit of a submission. */
  readonly first?: number;
}
