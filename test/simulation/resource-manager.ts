/**
 * A resource manager: native jobs that wait in its queue, run some agents, and end with them. What it
 * says of them comes late, and only to a manager that lives; and of an end it may speak too soon.
 */
import type { NativeReport } from '../../packages/core/src/manager/pilot-events.ts';
import type { NodeInfo } from '../../packages/core/src/model/resources.ts';
import type { Clock } from '../../packages/core/src/runtime/clock.ts';
import type { SimulatedAgent } from './agent.ts';
import type { Random } from './random.ts';

export interface ResourceManagerParts {
  readonly clock: Clock;
  readonly random: Random;
  startAgent(agentId: string, pilotId: string, node: NodeInfo): SimulatedAgent;
  /** A native job has changed; told to nobody in particular. */
  changed(pilotId: string, report: NativeReport): void;
}

interface NativeJob {
  readonly pilotId: string;
  readonly nodes: readonly NodeInfo[];
  agents: SimulatedAgent[];
  report: NativeReport;
  /** What it is said to have come to before it is over. */
  early?: NativeReport;
  /** How often it was started: more than once where it went back into the queue. */
  starts: number;
}

export class ResourceManager {
  readonly #parts: ResourceManagerParts;
  readonly #jobs = new Map<string, NativeJob>();

  constructor(parts: ResourceManagerParts) {
    this.#parts = parts;
  }

  /** The agents that live. */
  get agents(): SimulatedAgent[] {
    return [...this.#jobs.values()].flatMap(({ agents }) => agents.filter(({ isOver }) => !isOver));
  }

  /** What is said of a native job. */
  reportOf(pilotId: string): NativeReport | undefined {
    const job = this.#jobs.get(pilotId);
    return job?.early ?? job?.report;
  }

  /** The pilots whose native jobs run, and are said to, with their agents that live. */
  get running(): { readonly pilotId: string; readonly agents: readonly SimulatedAgent[] }[] {
    return [...this.#jobs.values()]
      .filter(({ report, early }) => report.state === 'Running' && early === undefined)
      .map(({ pilotId, agents }) => ({ pilotId, agents: agents.filter(({ isOver }) => !isOver) }));
  }

  /** Those that are called over, and are not. */
  get calledOver(): { readonly pilotId: string; readonly agents: readonly SimulatedAgent[] }[] {
    return [...this.#jobs.values()].filter((job) => job.early !== undefined && !isOver(job));
  }

  /** Calls one over that runs, as where the grace of its processes is not over. */
  callOver(pilotId: string, state: 'Done' | 'Failed' | 'Canceled'): void {
    const job = this.#jobs.get(pilotId);
    if (job?.report.state !== 'Running') return;
    job.early = { ...job.report, state, detail: `${state.toUpperCase()}, too soon` };
    this.#parts.changed(pilotId, job.early);
  }

  /** Puts a native job into the queue, once. */
  submit(pilotId: string, nodes: readonly NodeInfo[]): void {
    if (this.#jobs.has(pilotId)) return;
    const { clock, random } = this.#parts;
    const report = { id: `native-${pilotId}`, state: 'Pending', detail: 'queued' } as const;
    const job: NativeJob = { pilotId, nodes, agents: [], report, starts: 0 };
    this.#jobs.set(pilotId, job);
    clock.after(random.between(0, 1500), () => this.#start(job));
  }

  /** Ends a native job as `scancel` does, or as a node's death does. */
  kill(pilotId: string, state: 'Canceled' | 'Failed'): void {
    const job = this.#jobs.get(pilotId);
    if (job === undefined || isOver(job)) return;
    for (const agent of job.agents) agent.kill();
    this.#report(job, state);
  }

  /** Puts what runs back into the queue, as for something more urgent or for a node that died. */
  requeue(pilotId: string): void {
    const job = this.#jobs.get(pilotId);
    if (job?.report.state !== 'Running' || job.early !== undefined) return;
    this.#report(job, 'Pending');
    for (const agent of job.agents) agent.kill();
    const { clock, random } = this.#parts;
    clock.after(random.between(0, 1500), () => this.#start(job));
  }

  evict(pilotId: string): void {
    for (const agent of this.#jobs.get(pilotId)?.agents ?? []) agent.evict();
  }

  /** With its last agent the native job ends. */
  agentOver({ pilotId }: SimulatedAgent, how: 'ended' | 'killed'): void {
    const job = this.#jobs.get(pilotId);
    if (job === undefined || job.agents.some((agent) => !agent.isOver)) return;
    if (job.report.state === 'Pending') return;
    const { clock, random } = this.#parts;
    const { starts } = job;
    clock.after(random.between(1, 3000), () => {
      if (job.starts === starts && job.report.state === 'Running') this.#report(job, END_OF[how]);
    });
  }

  #start(job: NativeJob): void {
    if (isOver(job)) return;
    const { pilotId, nodes } = job;
    const first = job.starts++ * nodes.length;
    job.agents = nodes.map((node, i) =>
      this.#parts.startAgent(`${pilotId}-${first + i}`, pilotId, node),
    );
    this.#report(job, 'Running');
  }

  #report(job: NativeJob, state: NativeReport['state']): void {
    if (isOver(job)) return;
    job.report = { ...job.report, state, detail: state.toUpperCase() };
    this.#parts.changed(job.pilotId, job.early ?? job.report);
  }
}

const END_OF = { ended: 'Done', killed: 'Failed' } as const;

function isOver({ report: { state } }: NativeJob): boolean {
  return state === 'Done' || state === 'Failed' || state === 'Canceled';
}
