import { describe, expect, it } from 'vitest';
import { PilotJobService } from '../../src/service/pilot-job-service.ts';
import { WorkUnitService } from '../../src/service/work-unit-service.ts';

describe('an option that does not exist', () => {
  it.each([
    ['PilotJobService', PilotJobService],
    ['WorkUnitService', WorkUnitService],
  ])('is refused by %s.open(), with the nearest that does', async (_, service) => {
    const options = { stroe: '/nowhere' } as object;
    await expect(service.open(options)).rejects.toMatchObject({
      code: 'DESCRIPTION_INVALID',
      message: 'stroe: is no option; did you mean store?',
    });
  });
});
