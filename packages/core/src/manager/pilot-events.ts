/**
 * What the pilot machine is told, what it concludes, and what it wants done, all as plain data.
 * Events are what the journal holds: a change here is a change of its format.
 */
import type { PilotJobDescription } from '../model/pilot-job-description.ts';
import type { PilotJobState } from '../model/pilot-job-state.ts';
import type { NodeInfo } from '../model/resources.ts';
import type { EndReason } from '../protocol/messages.ts';
import type { AgentEnding } from './work-events.ts';

/** How patient to be with one pilot; fixed when it is created. */
export interface PilotPolicy {
  /** How long its first agent may take to register. */
  readonly registrationMs: number;
  /** From when that counts. */
  readonly registersFrom: 'running' | 'acceptance';
  /** After this long without a link an agent has certainly ended its units and itself. */
  readonly fenceMs: number;
  /** What an agent that is told to end gives its units, from SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** Between asking its agents to end and having its native job ended; longer than the grace. */
  readonly patienceMs: number;
}

/** What a resource manager says of a native job. */
export interface NativeReport {
  readonly id: string;
  readonly state: 'Pending' | 'Running' | 'Suspended' | 'Done' | 'Canceled' | 'Failed' | 'Unknown';
  readonly detail: string;
  /** The way out; with `Pending`, it will not run as it stands. */
  readonly hint?: string;
  /** Those that it has now, where that is known. */
  readonly nodes?: readonly string[];
  readonly exitCode?: number;
  readonly signal?: string;
}

/** What a pilot is made from. */
export interface PilotPlan {
  readonly rm: string;
  readonly type: string;
  readonly description: PilotJobDescription;
  readonly policy: PilotPolicy;
}

/** What has come in. All but `reopened` name a pilot; what no longer fits its pilot is dropped. */
export type PilotInput =
  | { readonly type: 'create'; readonly pilot: string; readonly plan: PilotPlan; at: number }
  | {
      readonly type: 'accepted';
      readonly pilot: string;
      round: number;
      nativeId: string;
      at: number;
    }
  | { readonly type: 'refused'; readonly pilot: string; round: number; problem: string; at: number }
  | { readonly type: 'native'; readonly pilot: string; readonly report: NativeReport; at: number }
  /** The resource manager has not known it for so long that it may be over. */
  | { readonly type: 'native-forgotten'; readonly pilot: string; nativeId: string; at: number }
  | {
      readonly type: 'agent-connected';
      readonly pilot: string;
      readonly agent: string;
      readonly node: NodeInfo;
      readonly endsAt?: number;
      readonly at: number;
    }
  | {
      readonly type: 'agent-silent';
      readonly pilot: string;
      agent: string;
      why: string;
      at: number;
    }
  | {
      readonly type: 'agent-bye';
      readonly pilot: string;
      readonly agent: string;
      readonly reason: EndReason;
      readonly problem?: string;
      readonly at: number;
    }
  /** Somebody has seen that it was killed, and that nothing of its units is left. */
  | { readonly type: 'agent-killed'; readonly pilot: string; agent: string; at: number }
  | { readonly type: 'cancel'; readonly pilot: string; readonly at: number }
  | { readonly type: 'reinitialize'; readonly pilot: string; readonly plan: PilotPlan; at: number }
  | { readonly type: 'registration-due'; readonly pilot: string; round: number; at: number }
  | { readonly type: 'grace-due'; readonly pilot: string; readonly round: number; at: number }
  | {
      readonly type: 'fence-due';
      readonly pilot: string;
      readonly agent: string;
      readonly silence: number;
      /** The native job was to be ended, and has had its time for that. */
      readonly certain: boolean;
      readonly at: number;
    }
  /** A new process has replayed the journal: every link is gone, and no timer runs. */
  | { readonly type: 'reopened'; readonly at: number };

/** Why a pilot is on its way out, by our own doing. */
export type PilotEnding =
  | { readonly why: 'canceled'; readonly detail: string }
  | { readonly why: 'failed'; readonly detail: string }
  | { readonly why: 'reinitialized'; readonly plan: PilotPlan };

/** What has happened. */
export type PilotEvent =
  | { readonly type: 'pilot-created'; readonly pilot: string; readonly plan: PilotPlan; at: number }
  | { readonly type: 'pilot-accepted'; readonly pilot: string; readonly nativeId: string }
  /** The resource manager has refused it, and nobody was told that it ever was. */
  | { readonly type: 'pilot-forgotten'; readonly pilot: string; readonly problem: string }
  | {
      readonly type: 'native-reported';
      readonly pilot: string;
      readonly report: NativeReport;
      /** It is said to be over, which an agent contradicts by being there; the report is as before. */
      readonly said?: NativeReport;
    }
  | {
      readonly type: 'agent-connected';
      readonly pilot: string;
      readonly agent: string;
      readonly node: NodeInfo;
      readonly endsAt?: number;
    }
  | { readonly type: 'agent-silent'; readonly pilot: string; agent: string; why: string }
  | {
      readonly type: 'agent-gone';
      readonly pilot: string;
      readonly agent: string;
      readonly how: AgentEnding;
      readonly detail: string;
      /** Its own word, if it said one. */
      readonly reason?: EndReason;
    }
  | { readonly type: 'pilot-ending'; readonly pilot: string; readonly ending: PilotEnding }
  /** Its native job is over, and another is to be submitted. */
  | { readonly type: 'pilot-restarted'; readonly pilot: string; readonly plan: PilotPlan }
  | {
      readonly type: 'pilot-moved';
      readonly pilot: string;
      readonly state: PilotJobState;
      readonly detail: string;
      readonly at: number;
    };

/** What is to be done about it. An effect may be lost in a crash: `reopened` asks for it again. */
export type PilotEffect =
  | { readonly type: 'submit'; readonly pilot: string; readonly round: number }
  /** It was perhaps submitted before a crash: find it, or submit it. */
  | { readonly type: 'settle-submission'; readonly pilot: string; readonly round: number }
  /** Watch the native job, and ask for its state now. */
  | { readonly type: 'watch-native'; readonly pilot: string }
  /** Again and again, until it is over. */
  | { readonly type: 'cancel-native'; readonly pilot: string; readonly nativeId: string }
  /** Nothing more is to be heard of it. */
  | { readonly type: 'unwatch-native'; readonly pilot: string; readonly nativeId: string }
  | { readonly type: 'end-agent'; readonly agent: string; graceMs: number; why: string }
  | { readonly type: 'refuse-agent'; readonly agent: string; readonly why: string }
  | { readonly type: 'agent-joined'; readonly agent: string }
  | { readonly type: 'agent-silent'; readonly agent: string; readonly why: string }
  | {
      readonly type: 'agent-gone';
      readonly agent: string;
      readonly how: AgentEnding;
      readonly detail: string;
    }
  /** Dispatch this input after `ms` of our own running time. */
  | { readonly type: 'remind'; readonly ms: number; readonly input: PilotInput };

/** What one input led to, in order. */
export interface PilotStep {
  readonly events: readonly PilotEvent[];
  readonly effects: readonly PilotEffect[];
}
