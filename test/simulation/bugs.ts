/** Bugs to plant, as what to replace by what; each breaks a promise of its own. */

export interface Bug {
  readonly bug: string;
  /** Below packages/core/src. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** The test that sees it, where the simulation does not: whatever happens, another promise is kept. */
  readonly test?: string;
}

export const BUGS: readonly Bug[] = [
  {
    bug: 'what a lost pilot had is not queued again',
    file: 'manager/work-state.ts',
    from: 'if (isLast) requests.push(unit);\n    else requests.pushFront(unit);',
    to: '',
  },
  {
    bug: "a stale attempt's report counts",
    file: 'manager/work-state.ts',
    from: 'page.attempt[row] === attempt &&',
    to: '',
  },
  {
    bug: 'a report is acknowledged before its commit',
    file: 'service/base/conductor.ts',
    from: 'const step = this.#parts.machine.handle(input);',
    to: "const step = this.#parts.machine.handle(input);\n      for (const effect of step.effects) if ((effect as { type?: string }).type === 'ack') this.#parts.perform(effect);",
  },
  {
    bug: 'a submit settles before its commit',
    file: 'service/base/conductor.ts',
    from: 'last.settled ??= defer();\n    return last.settled.promise;',
    to: 'return Promise.resolve();',
  },
  {
    bug: 'dependents are forgotten on replay',
    file: 'manager/work-manager.ts',
    from: 'replay(event: WorkEvent): void {',
    to: "replay(event: WorkEvent): void {\n    if (event.type === 'accepted' && event.submission.edges) {\n      this.state.apply({ ...event, submission: { ...event.submission, edges: event.submission.edges.slice(3) } });\n      this.state.moves.take();\n      return;\n    }",
  },
  {
    bug: 'what an agent never heard of is not given back',
    file: 'manager/work-manager.ts',
    from: 'if (unheard.length > 0) {\n      const gone',
    to: 'if (unheard.length > 1e9) {\n      const gone',
  },
  {
    bug: 'an agent does not repeat its reports on a new link',
    file: 'agent/workload.ts',
    from: 'service.box.rewind();',
    to: '',
  },
  {
    bug: 'a cancel that was lost with the link is not repeated',
    file: 'manager/work-manager.ts',
    from: 'if (asked.length > 0) this.#sendCancel(place, asked);',
    to: '',
  },
  {
    bug: 'a canceled unit that is given back is queued again',
    file: 'manager/work-state.ts',
    from: 'if (this.isCancelAsked(unit)) {\n      this.#moves.finish(unit, Canceled);\n      return;\n    }',
    to: '',
  },
  {
    bug: 'the fence does not wait for the lease',
    file: 'service/agents/pilot-launch.ts',
    from: 'fenceMs: leaseMs + SILENT_BEATS * heartbeatMs + GRACE_MS + FAREWELL_MS,',
    to: 'fenceMs: 100,',
  },
  {
    bug: 'an agent without a manager never ends',
    file: 'agent/agent-machine.ts',
    from: 'else if (now - this.#lastHeard >= this.#leaseMs - this.#lastGraceMs) {',
    to: 'else if (now < 0) {',
    test: 'packages/core/test/agent/agent-machine.test.ts',
  },
  {
    bug: 'an agent that stood still goes on as if nothing had been',
    file: 'agent/agent-machine.ts',
    from: 'this.#stoodStillMs += stoodStillMs;',
    to: '',
  },
  {
    bug: 'an agent that stood still starts what waits before it knows',
    file: 'agent/agent-machine.ts',
    from: 'this.#workload.pause();',
    to: '',
  },
  {
    bug: 'the time that a manager stood still counts against its agents',
    file: 'runtime/running-time.ts',
    from: 'this.#elapsed += ran ? gap : dueMs;',
    to: 'this.#elapsed += gap;',
    test: 'packages/core/test/runtime/running-time.test.ts',
  },
  {
    bug: 'what is over without a link is not kept',
    file: 'agent/agent-machine.ts',
    from: "this.#keep('unreachable');\n    this.#exitWhenSettled();",
    to: 'this.#exitWhenSettled();',
    test: 'packages/core/test/agent/agent-machine.test.ts',
  },
  {
    bug: 'what an agent kept is forgotten at any acknowledgement',
    file: 'agent/report-box.ts',
    from: 'if (this.#kept === 0 || seq < this.#kept) return false;',
    to: 'if (this.#kept === 0) return false;',
    test: 'packages/core/test/agent/agent-machine.test.ts',
  },
  {
    bug: 'what an agent has left is not read',
    file: 'service/agents/agent-registry.ts',
    from: 'const isNeeded = client.boundTo(agentId) > 0;',
    to: 'const isNeeded = false;',
  },
  {
    bug: 'what an agent has left is told after its end',
    file: 'service/agents/agent-registry.ts',
    from: 'const isNeeded = client.boundTo(agentId) > 0;',
    to: 'const isNeeded = client.boundTo(agentId) > 0;\n    if (isNeeded) this.#tell(() => client.agentGone(agent, how, detail));',
  },
  {
    bug: 'a vanished agent is taken for one that said goodbye',
    file: 'manager/pilot-reports.ts',
    from: "const how = hasFailed ? 'lost' : 'vanished';",
    to: "const how = hasFailed ? 'lost' : 'ended';",
  },
  {
    bug: 'agents whose native job is over are not given up',
    file: 'manager/pilot-reports.ts',
    from: 'for (const agent of presentAgents(pilot)) turn.gone(pilot, agent, how, nativeWords(pilot));',
    to: '',
  },
  {
    bug: 'a native job is over as soon as that is said',
    file: 'manager/pilot-record.ts',
    from: 'return saidOf(pilot) === undefined ? hasConnected(pilot) : hasAgents(pilot);',
    to: 'return false;',
  },
  {
    bug: 'agents that spoke against the end of their native job are not waited for once they are silent',
    file: 'manager/pilot-record.ts',
    from: 'return saidOf(pilot) === undefined ? hasConnected(pilot) : hasAgents(pilot);',
    to: 'return hasConnected(pilot);',
  },
  {
    bug: 'a failure satisfies a dependency on success',
    file: 'manager/unit-moves.ts',
    from: 'else if (onSuccess && state !== Done) doomed.set(unit, this.#rootOf(target));',
    to: '',
  },
  {
    bug: 'an agent does not count memory',
    file: 'agent/slots.ts',
    from: 'request.memory > this.#memory ||',
    to: '',
  },
  {
    bug: 'a full disk is found when it is too late to refuse',
    file: 'service/units/submit.ts',
    from: 'await journal.reserve(intake.count * ROW_BYTES + intake.bytes);',
    to: 'const reserved = journal.reserve(intake.count * ROW_BYTES + intake.bytes);',
    test: 'test/chaos/full-disk.test.ts',
  },
  {
    bug: 'a unit starts while its inputs are on their way',
    file: 'agent/staged-units.ts',
    from: "const phase = what.inputs.length > 0 ? 'staging' : 'queued';",
    to: "const phase = 'queued';",
  },
  {
    bug: 'a unit is over before its outputs are home',
    file: 'agent/staged-units.ts',
    from: 'const isWanted = hasOutputs &&',
    to: 'const isWanted = false &&',
  },
  {
    bug: 'units whose outputs are on their way are not held',
    file: 'agent/held-units.ts',
    from: "else if (phase === 'leaving') rows.push([unit, attempt, 1]);",
    to: '',
  },
  {
    bug: 'an agent is waited for though its outputs cannot be fetched any more',
    file: 'agent/staged-units.ts',
    from: "for (const staged of this.#in('leaving')) {",
    to: "for (const staged of this.#in('running')) {",
    test: 'packages/core/test/agent/agent-staging.test.ts',
  },
  {
    bug: 'whoever has lost an attempt may still write its files',
    file: 'manager/attempt-files.ts',
    from: "if (place === undefined || place.status === 'gone' || !state.isPresent(unit, attempt, place)) {",
    to: 'if (place === undefined || unit >= state.units.size) {',
    test: 'packages/core/test/manager/attempt-files.test.ts',
  },
  {
    bug: 'the same files are fetched for every unit of a template',
    file: 'manager/staged-files.ts',
    from: 'if (!hasOwnFiles(own)) return own;',
    to: 'return own;',
  },
  {
    bug: 'what is promised starts however the one before it has ended',
    file: 'agent/promised-units.ts',
    from: 'this.#settle(service, each, well);',
    to: 'this.#settle(service, each, true);',
  },
  {
    bug: 'what is promised is not held',
    file: 'agent/held-units.ts',
    from: 'for (const { unit, attempt } of service.promised) rows.push([unit, attempt, 0]);',
    to: '',
  },
  {
    bug: 'what is promised is canceled before its agent has said so',
    file: 'manager/work-state.ts',
    from: 'if (!isBoundState(state) && !isPromised) {',
    to: 'if (!isBoundState(state)) {',
  },
  {
    bug: 'what is promised is not handed back by an agent that ends',
    file: 'agent/workload.ts',
    from: 'this.#promised.evict(service);',
    to: '',
    test: 'packages/core/test/agent/promised-units.test.ts',
  },
  {
    bug: 'what was promised to a lost pilot is not given back',
    file: 'manager/work-state.ts',
    from: 'for (const unit of this.promised.at(place)) this.#breakPromise(unit);',
    to: '',
  },
  {
    bug: 'promises are not in snapshots',
    file: 'manager/work-dump.ts',
    from: 'state.promised.restore(promised, place);',
    to: '',
  },
];
