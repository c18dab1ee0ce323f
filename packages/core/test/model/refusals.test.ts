import { describe, expect, it } from 'vitest';
import { DescriptionError } from '../../src/model/errors.ts';
import { refuseAttributes, refuseUnsupported } from '../../src/model/refusals.ts';

describe('refuseAttributes', () => {
  const refuse = (description: object) =>
    refuseAttributes(description, ['name', 'totalCpuCount'], 'local://');

  it('accepts what is supported, and what asks for nothing', () => {
    expect(() => refuse({ name: 'a', queue: undefined, interactive: false })).not.toThrow();
  });

  it('names the attribute and who cannot do it', () => {
    expect(() => refuse({ name: 'a', queue: 'long' })).toThrow(DescriptionError);
    expect(() => refuse({ name: 'a', queue: 'long' })).toThrow(
      'queue: local:// cannot do this; leave it out',
    );
  });
});

describe('refuseUnsupported', () => {
  const refusals = [
    { attribute: 'a', problem: 'no a here', hint: 'use b' },
    { attribute: 'b', when: ({ b }: { b?: number }) => b === 2, problem: 'no 2', hint: 'use 1' },
  ] as const;
  const refuse = (description: { a?: string | false; b?: number }) =>
    refuseUnsupported(description, refusals);

  it('refuses what is asked for and no more', () => {
    expect(() => refuse({})).not.toThrow();
    expect(() => refuse({ a: false, b: 1 })).not.toThrow();
    expect(() => refuse({ a: 'x' })).toThrow("a: 'x': no a here; use b");
    expect(() => refuse({ b: 2 })).toThrow('b: 2: no 2; use 1');
  });
});
