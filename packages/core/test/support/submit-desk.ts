/** A service as far as submits go: descriptions in, submissions or refusals out. */
import { Intake } from '../../src/manager/intake.ts';
import { TemplateIndex } from '../../src/manager/template-index.ts';
import type { Submission } from '../../src/manager/work-events.ts';
import { WorkManager } from '../../src/manager/work-manager.ts';
import { PilotError } from '../../src/model/errors.ts';
import type { WorkUnitDescription } from '../../src/model/work-unit-description.ts';
import { schedulerOf } from '../../src/scheduler/schedulers.ts';

export class SubmitDesk {
  readonly manager = new WorkManager(schedulerOf('backfill'));
  readonly index = new TemplateIndex(this.manager.state);

  take(descriptions: Iterable<WorkUnitDescription>): Submission {
    const intake = new Intake(this.index, this.manager.state, 'work');
    for (const description of descriptions) intake.add(description);
    return intake.finish();
  }

  submit(...descriptions: WorkUnitDescription[]): Submission {
    const submission = this.take(descriptions);
    this.manager.handle({ type: 'submit', now: 0, submission });
    return submission;
  }

  refusal(...descriptions: unknown[]): PilotError {
    try {
      this.take(descriptions as WorkUnitDescription[]);
    } catch (error) {
      if (error instanceof PilotError) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  }

  /** The unit's own description, as its user sees it. */
  described(unit: number): Record<string, unknown> {
    const { state } = this.manager;
    const own = JSON.parse(state.units.own(unit) ?? '{}') as Record<string, unknown>;
    const whole: Record<string, unknown> = { ...state.template(unit).description, ...own };
    return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== null));
  }
}
