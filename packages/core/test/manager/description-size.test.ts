import { describe, expect, it } from 'vitest';
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import type { TemplateRecord } from '../../src/manager/work-events.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import { DescriptionError } from '../../src/model/errors.ts';
import { FAILURE_REASONS } from '../../src/model/exit.ts';
import {
  type ParsedWorkUnitDescription,
  parseWorkUnitDescription,
  type WorkUnitDescription,
} from '../../src/model/work-unit-description.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';
import { readMapOptions } from '../../src/service/maps/map-options.ts';
import { endedRows } from '../support/rows.ts';
import { WorkWorld } from '../support/work-world.ts';

const executable = 'true';
const large = 'q'.repeat(9_000_000);
const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `/data/in-${i}.csv > in-${i}.csv`);

/** Descriptions taken in by one service, one submit each. */
class Desk {
  readonly manager = new WorkManager(schedulerOf('fifo'));
  readonly #index = new TemplateIndex(this.manager.state);

  submit(...descriptions: WorkUnitDescription[]): void {
    const intake = new Intake(this.#index, this.manager.state, 'work');
    for (const description of descriptions) intake.add(description);
    this.manager.handle({ type: 'submit', now: 0, submission: intake.finish() });
  }

  refusal(...descriptions: WorkUnitDescription[]): DescriptionError {
    try {
      this.submit(...descriptions);
    } catch (error) {
      if (error instanceof DescriptionError) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  }
}

describe('a description that would not fit into a frame', () => {
  it.each<[string, WorkUnitDescription]>([
    ['environment', { executable, environment: { A: large } }],
    ['environment', { executable, arguments: ['a'], environment: { A: 'ä'.repeat(4_500_000) } }],
    ['arguments', { executable, arguments: ['q', large], environment: { A: 'q' } }],
    ['fileTransfer', { executable, fileTransfer: lines(125_000) }],
    ['executable', { executable: large }],
  ])('is refused by its largest attribute: %s', (attribute, description) => {
    const desk = new Desk();
    const before = desk.manager.dump();
    const error = desk.refusal(description);
    expect(error).toMatchObject({ code: 'DESCRIPTION_INVALID', subject: attribute, index: 0 });
    expect(error.message).toMatch(/MiB is too much: a whole description has at most 8 MiB; .*file/);
    expect(desk.manager.dump()).toEqual(before);
    // It was not learnt either: no other gets by beside it.
    expect(desk.refusal(description).subject).toBe(attribute);
  });

  it.each<[string, WorkUnitDescription]>([
    ['environment', { executable, environment: { A: large } }],
    ['arguments', { executable, arguments: [large] }],
    ['fileTransfer', { executable, fileTransfer: lines(125_000) }],
    ['name', { executable, name: large }],
  ])('is refused beside others of its kind: %s', (attribute, description) => {
    const error = new Desk().refusal({ executable }, description);
    expect(error).toMatchObject({ code: 'DESCRIPTION_INVALID', subject: attribute, index: 1 });
    expect(error.message).toContain('MiB is too much');
  });

  it('is refused as the environment of a map', () => {
    const options = { environment: { A: large } };
    expect(() => readMapOptions(options)).toThrow(DescriptionError);
    expect(() => readMapOptions(options)).toThrow('environment: 8.6 MiB is too much');
  });
});

describe('a unit that an older version has taken, and no agent can be told of', () => {
  /** Submits one of each description, as they are in the journal. */
  function stored(world: WorkWorld, ...written: WorkUnitDescription[]): void {
    const templates = written.map((description, id): TemplateRecord => {
      const { dependsOn: _, ...others } = parseWorkUnitDescription(description);
      return { id, description: others as ParsedWorkUnitDescription };
    });
    const runs = templates.flatMap(({ id }) => [id, 1]);
    const edges = written.flatMap(({ dependsOn }, row) => (dependsOn ? [row, 1, row - 1] : []));
    const submission = { first: 0, count: written.length, templates, runs, edges };
    world.handle({ type: 'submit', now: 0, submission });
  }

  const tooLarge = { executable, environment: { A: large }, retries: 3 };

  it('fails where it would be sent, whoever else waits for its slots', () => {
    const world = new WorkWorld('fifo');
    stored(world, tooLarge, { executable: 'b' }, { ...tooLarge, executable: 'c' }, { executable });
    expect(world.stateOf(0)).toBe('Pending');
    const { effects } = world.join('a', { cores: 1 });
    const sent = effects.flatMap((effect) => (effect.type === 'start' ? effect.runs : []));
    expect(sent.flatMap(({ units }) => [...units])).toEqual([1, 3]);
    expect([0, 1, 2, 3].map((unit) => world.stateOf(unit))).toEqual([
      'Failed',
      'Scheduled',
      'Failed',
      'Scheduled',
    ]);
    expect(FAILURE_REASONS[world.state.units.page(0).reason[0] as number]).toBe(
      'DESCRIPTION_INVALID',
    );
    expect(world.state.details.get(0)).toContain('environment: 8.6 MiB is too much');
    world.report('a', { ended: endedRows([{ unit: 1, attempt: 1 }]) });
    expect(world.stateOf(1)).toBe('Done');
  });

  it('is not promised to an agent', () => {
    const world = new WorkWorld('fifo');
    world.join('a');
    stored(world, { executable: 'b' }, { ...tooLarge, dependsOn: 'b' });
    expect(world.state.promised.has(1)).toBe(false);
    expect(world.stateOf(1)).toBe('Waiting');
    world.report('a', { ended: endedRows([{ unit: 0, attempt: 1 }]) });
    expect(world.stateOf(1)).toBe('Failed');
  });
});
