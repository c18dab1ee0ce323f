import { describe, expect, it } from 'vitest';
import { jobName } from '../src/names.ts';

describe('names of jobs', () => {
  it.each([
    ['pilot-1', undefined, 'pilot-1'],
    ['pilot-1', 'pilot-1', 'pilot-1'],
    ['pilot-1.2', 'weather', 'weather.pilot-1.2'],
    ['pilot-1', 'my "own", pilot|é\n', 'my__own___pilot___.pilot-1'],
    ['pilot-1', 'x'.repeat(99), `${'x'.repeat(48)}.pilot-1`],
  ])('%s called %s is %s', (launch, shown, name) => {
    expect(jobName(launch, shown)).toBe(name);
  });
});
