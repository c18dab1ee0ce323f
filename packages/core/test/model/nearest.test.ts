import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/model/nearest.ts';

const KNOWN = [
  'executable',
  'arguments',
  'wallTimeLimit',
  'totalCpuCount',
  'name',
  'queue',
  'gpus',
];

describe('nearest', () => {
  it.each([
    ['exectuable', 'executable'],
    ['excutable', 'executable'],
    ['wallTimeLimt', 'wallTimeLimit'],
    ['wall_time_limit', 'wallTimeLimit'],
    ['WALLTIMELIMIT', 'wallTimeLimit'],
    ['wallTime', 'wallTimeLimit'],
    ['cpuCount', 'totalCpuCount'],
    ['gpu', 'gpus'],
    ['qeueu', undefined],
    ['qeue', 'queue'],
    ['colour', undefined],
    ['x', undefined],
    ['', undefined],
  ])('%s: %s', (word, meant) => {
    expect(nearest(word, KNOWN)).toBe(meant);
  });

  it('finds every name itself, and after any two neighbours were swapped', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KNOWN), fc.nat(), (name, at) => {
        const i = at % (name.length - 1);
        const swapped = `${name.slice(0, i)}${name[i + 1]}${name[i]}${name.slice(i + 2)}`;
        expect(nearest(name, KNOWN)).toBe(name);
        expect(nearest(swapped, KNOWN)).toBe(name);
      }),
    );
  });
});
