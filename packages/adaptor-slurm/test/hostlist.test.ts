import { describe, expect, it } from 'vitest';
import { namesOf } from '../src/hostlist.ts';

describe('a list of nodes', () => {
  it.each([
    ['n1', ['n1']],
    ['n1,m2', ['n1', 'm2']],
    ['n[1-3,5],gpu07', ['n1', 'n2', 'n3', 'n5', 'gpu07']],
    ['n[08-11]', ['n08', 'n09', 'n10', 'n11']],
    ['r[1-2]n[1,3]', ['r1n1', 'r1n3', 'r2n1', 'r2n3']],
    ['n[1-2]-ib', ['n1-ib', 'n2-ib']],
    ['', []],
  ])('%s', (list, names) => {
    expect(namesOf(list)).toEqual(names);
  });

  it.each(['n[1-', 'n[a-b]', 'n[3-1]', 'n]', 'n[1-999999999]', 'n[]'])('%s is none', (list) => {
    expect(namesOf(list)).toBeUndefined();
  });
});
