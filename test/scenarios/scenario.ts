/**
 * A conversation with the manager as text: commands, and beneath each what it answered.
 *
 * A line that begins with a letter is a command, one with `#` a comment. Answers are moves (`>`),
 * effects (`!`), refusals (`?`) and at the end, for each unit, what a user is told of it (`=`).
 */
import type {
  AgentEnding,
  WorkEffect,
  WorkStep,
} from '../../packages/core/src/manager/work-events.ts';
import { detailOf } from '../../packages/core/src/manager/work-explain.ts';
import type { FailureReason } from '../../packages/core/src/model/exit.ts';
import { parseDuration } from '../../packages/core/src/model/quantity.ts';
import { WORK_UNIT_STATES } from '../../packages/core/src/model/work-unit-state.ts';
import type { UnitColumns } from '../../packages/core/src/protocol/messages.ts';
import {
  endedRows,
  heldRows,
  type Row,
  returnedRows,
  startedRows,
} from '../../packages/core/test/support/rows.ts';
import { WorkWorld } from '../../packages/core/test/support/work-world.ts';
import { describeUnits } from './unit-words.ts';

/** The same conversation with the answers that the manager gives now. */
export function converse(script: string): string {
  const lines = script.split('\n').filter((line) => !/^[>!?=]/.test(line));
  while (lines.at(-1) === '') lines.pop();
  const conversation = new Conversation();
  const answered = lines.flatMap((line) => [line, ...conversation.answer(line)]);
  return `${[...answered, ...conversation.details()].join('\n')}\n`;
}

/** `word1 word2 key=value flag=`: the words, and the values by key. */
interface Command {
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, string>>;
}

class Conversation {
  #world = new WorkWorld();
  readonly #names: string[] = [];

  answer(line: string): string[] {
    const [verb = ''] = line.split(' ', 1);
    if (verb === '' || verb === '#') return [];
    try {
      return this.#do(verb, line.slice(verb.length + 1));
    } catch (error) {
      if (error instanceof Error && 'code' in error) return [`? ${error.code}: ${error.message}`];
      throw new Error(`${line}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }

  details(): string[] {
    const { state, now } = this.#world;
    const pilots = state.places.all.map(({ pilotId, status }) => {
      return { id: pilotId, state: status === 'gone' ? 'Done' : 'Running', detail: '' };
    });
    const context = { now, pilots, idOf: (unit: number) => this.#names[unit] as string };
    return this.#names.map(
      (name, unit) => `= ${name} ${this.#world.stateOf(unit)}: ${detailOf(state, unit, context)}`,
    );
  }

  #do(verb: string, rest: string): string[] {
    const { words, values } = commandOf(rest);
    const world = this.#world;
    const [first = ''] = words;
    const { now } = world;
    switch (verb) {
      case 'scheduler':
        this.#world = new WorkWorld(first as 'fifo');
        return [];
      case 'join': {
        const { endsAt, cores = '4', memory, gpus, ...others } = values;
        const amounts = { cores: +cores, ...(memory && { memory: +memory }), gpus: +(gpus ?? 0) };
        return this.#say(
          world.join(first, { ...amounts, ...others }, endsAt ? msOf(endsAt) : undefined),
        );
      }
      case 'submit': {
        const { names, descriptions } = describeUnits(rest, this.#names);
        const step = world.submit(...descriptions);
        this.#names.push(...names);
        return this.#say(step);
      }
      case 'group':
        return this.#say(world.handle({ type: 'group', now, name: first }));
      case 'cancel': {
        const units = values['group']
          ? this.#members(values['group'])
          : words.map((name) => this.#unit(name));
        return this.#say(world.handle({ type: 'cancel', now, units, why: values['why'] ?? '' }));
      }
      case 'started':
        return this.#report(values, { started: startedRows(this.#rows(words), now) });
      case 'ended':
        return this.#ended(words, values);
      case 'return': {
        const why = values['why'] === 'evicted' ? 'evicted' : 'asked';
        const started = values['started'] !== undefined;
        const rows = this.#rows(words).map((row) => ({ ...row, started }));
        return this.#report(values, { returned: returnedRows(rows, why) }, words);
      }
      case 'silent':
        return this.#say(
          world.handle({
            type: 'agent-silent',
            now,
            agentId: first,
            why: values['why'] ?? 'no pulse',
          }),
        );
      case 'rejoin':
        return this.#say(this.#rejoin(first, values));
      case 'lose':
      case 'vanish':
      case 'end': {
        const how = { lose: 'lost', vanish: 'vanished', end: 'ended' }[verb] as AgentEnding;
        const detail = values['detail'] ?? 'its node died';
        return this.#say(world.handle({ type: 'agent-gone', now, agentId: first, how, detail }));
      }
      case 'at':
        world.now = msOf(first);
        return this.#say(world.handle({ type: 'time', now: world.now }));
      default:
        throw new Error(`there is no command '${verb}'`);
    }
  }

  #ended(words: readonly string[], values: Command['values']): string[] {
    const { exit, signal, reason, problem, terminated } = values;
    const { state, now } = this.#world;
    const rows = this.#rows(words).map((row) => ({
      ...row,
      startedAt: state.units.page(row.unit).startedAt[row.unit] || now,
      ...(exit && { exitCode: +exit }),
      ...(signal && { signal: +signal }),
      ...(reason && { reason: reason as FailureReason }),
      ...(problem && { problem }),
      terminated: terminated !== undefined,
    }));
    return this.#report(values, { ended: endedRows(rows, now) }, words);
  }

  #report(
    values: Command['values'],
    report: Pick<Parameters<WorkWorld['report']>[1], 'started' | 'ended' | 'returned'>,
    words: readonly string[] = [],
  ): string[] {
    const [row] = (report.started ?? report.ended ?? report.returned)?.units ?? [];
    const bound = this.#world.state.places.all[this.#place(row ?? 0)];
    const agentId = values['on'] ?? bound?.record.agentId;
    if (agentId === undefined) throw new Error(`${words.join(' ')} is nowhere: say on=`);
    return this.#say(this.#world.report(agentId, report));
  }

  #rejoin(agentId: string, { holding = '' }: Command['values']): WorkStep {
    const { state, now } = this.#world;
    const rows = holding
      .split(',')
      .filter(Boolean)
      .map((word) => {
        const [name = '', phase = 'waiting'] = word.split(':');
        const number = ['waiting', 'running', 'over'].indexOf(phase);
        return { ...this.#row(name), phase: number as 0 | 1 | 2 };
      });
    const place = state.places.ofAgent(agentId);
    if (place === undefined) throw new Error(`there was no ${agentId}`);
    return this.#world.handle({
      type: 'agent-joined',
      now,
      place: place.record,
      endsAt: place.endsAt,
      held: rows.length > 0 ? heldRows(rows) : undefined,
    });
  }

  #say({ moves, effects }: WorkStep): string[] {
    const said = Array.from(moves, (move) => {
      const unit = Math.floor(move / 16);
      const state = WORK_UNIT_STATES[move % 16];
      const bound =
        state === 'Scheduled' ? ` on=${this.#agentOf(unit)} attempt=${this.#attempt(unit)}` : '';
      return `> ${this.#names[unit]} ${state}${bound}`;
    });
    return [...said, ...effects.flatMap((effect) => this.#sayEffect(effect))];
  }

  #sayEffect(effect: WorkEffect): string[] {
    if (effect.type === 'ack') return [];
    if (effect.type === 'wake') return [`! wake at=${effect.at / 1000}s`];
    const runs = effect.type === 'start' ? effect.runs : [effect];
    const units = runs.flatMap((run) => {
      const after = 'after' in run ? this.#named(run.after) : [];
      return this.#named(run).map((unit, row) =>
        after[row] ? `${unit} after ${after[row]}` : unit,
      );
    });
    const link = effect.type === 'start' && effect.link > 1 ? ` link=${effect.link}` : '';
    return [`! ${effect.type} ${units.join(' ')} on ${effect.agentId}${link}`];
  }

  #named(
    { units, attempts }: UnitColumns = { units: new Uint32Array(), attempts: new Uint16Array() },
  ) {
    return Array.from(units, (unit, row) => `${this.#names[unit]}#${attempts[row]}`);
  }

  #rows(words: readonly string[]): Row[] {
    return words.map((word) => this.#row(word));
  }

  /** `u1`: its present attempt; `u1#2`: that one. */
  #row(word: string): Row {
    const [name = '', attempt] = word.split('#');
    const unit = this.#unit(name);
    return { unit, attempt: attempt ? +attempt : this.#attempt(unit) };
  }

  #unit(name: string): number {
    const unit = this.#names.indexOf(name);
    if (unit < 0) throw new Error(`there is no unit ${name}`);
    return unit;
  }

  #members(group: string): number[] {
    const { state } = this.#world;
    return [...this.#names.keys()].filter((unit) => state.template(unit).group?.name === group);
  }

  #attempt(unit: number): number {
    return this.#world.state.attempt(unit);
  }

  #place(unit: number): number {
    return this.#world.state.units.page(unit).place[unit] as number;
  }

  #agentOf(unit: number): string | undefined {
    return this.#world.state.places.all[this.#place(unit)]?.record.agentId;
  }
}

function commandOf(text: string): Command {
  const parts = text.match(/[^\s="]+="[^"]*"|\S+/g) ?? [];
  const pairs = parts.filter((part) => part.includes('='));
  return {
    words: parts.filter((part) => !part.includes('=')),
    values: Object.fromEntries(
      pairs.map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), pair.slice(at + 1).replaceAll('"', '')];
      }),
    ),
  };
}

function msOf(duration: string): number {
  return parseDuration(duration) * 1000;
}
