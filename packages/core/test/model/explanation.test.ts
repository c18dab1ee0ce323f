import { describe, expect, it } from 'vitest';
import { explanation } from '../../src/model/explanation.ts';

describe('explanation', () => {
  it('reads as a short text', () => {
    const why = explanation({
      state: 'Pending',
      summary: 'wants 64 cores; the largest pilot has 4',
      waitsFor: ['a pilot with 64 cores'],
      wouldHelp: ['create a pilot with totalCpuCount: 64'],
      lastOutput: 'starting\nready\n',
    });
    expect(`${why}`).toBe(
      [
        'Pending: wants 64 cores; the largest pilot has 4',
        '  waits for a pilot with 64 cores',
        '  would help: create a pilot with totalCpuCount: 64',
        '  last output:',
        '    starting',
        '    ready',
      ].join('\n'),
    );
  });

  it('is plain data otherwise', () => {
    const why = explanation({ state: 'Done', summary: 'exited with code 0' });
    expect(structuredClone(why)).toEqual({
      state: 'Done',
      summary: 'exited with code 0',
      waitsFor: [],
      wouldHelp: [],
    });
    expect(String(why)).toBe('Done: exited with code 0');
  });
});
