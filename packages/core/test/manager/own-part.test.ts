import { describe, expect, it } from 'vitest';
import { DescriptionError } from '../../src/model/errors.ts';
import { SubmitDesk } from '../support/submit-desk.ts';

const base = { executable: '/bin/echo' };

describe('what a unit has of its own', () => {
  it('is only what differs, and null takes away', () => {
    const desk = new SubmitDesk();
    const { own } = desk.submit(
      { ...base, name: 'a', arguments: ['x'], output: 'out' },
      { ...base, name: 'b', arguments: ['x'], output: 'out' },
      { ...base, arguments: [1, ''] },
      { ...base, name: 'a', arguments: ['x'], output: 'out', environment: { A: 1, B: true } },
    );
    expect(own?.map((json) => json && JSON.parse(json))).toEqual([
      null,
      { name: 'b' },
      { name: null, arguments: ['1', ''], output: null },
      { environment: { A: '1', B: 'true' } },
    ]);
    expect(desk.described(2)).toEqual({
      ...desk.described(0),
      name: undefined,
      output: undefined,
      arguments: ['1', ''],
    });
  });

  it.each([
    ['output', '/d/both', '/d/both < f'],
    ['output', '/d/both', '/d//./both << f'],
    ['error', '/d/f', '/d/ < sub/f'],
  ])('is refused where %s %s is the target of %s, too', (attribute, file, directive) => {
    const desk = new SubmitDesk();
    const wrong = { ...base, [attribute]: file, fileTransfer: [directive] };
    const right = { ...wrong, [attribute]: '/d/other' };
    const words = `fileTransfer: '${file}' is the target of two, and ${attribute} is the other`;
    expect(desk.refusal(wrong).message).toContain(words);
    desk.submit(
      right,
      { ...right, [attribute]: 'both' },
      { ...wrong, fileTransfer: ['/d/both > f'] },
    );
    expect(desk.refusal(right, wrong).message).toContain(words);
  });

  it('is not kept where nobody has any', () => {
    expect(new SubmitDesk().submit(base, base)).not.toHaveProperty('own');
  });

  it.each([
    ['arguments', ['a\0b']],
    ['arguments', [null]],
    ['arguments', null],
    ['arguments', 'xyz'],
    ['environment', null],
    ['environment', { 'A=B': '1' }],
    ['environment', []],
    ['name', ''],
    ['output', 7],
    ['workingDirectory', 'a\0'],
  ])('is refused like a whole description: %s', (attribute, value) => {
    const desk = new SubmitDesk();
    const error = desk.refusal(
      { ...base, arguments: ['x', 'y', 'z'] },
      { ...base, [attribute]: value },
    );
    expect(error).toBeInstanceOf(DescriptionError);
    expect(error.message).toContain(`description 1: ${attribute}`);
  });

  it('is refused when no process could be given it', () => {
    const desk = new SubmitDesk();
    const error = desk.refusal(base, { ...base, arguments: ['x'.repeat(3_000_000)] });
    expect(error.message).toContain('pass more in a file');
  });
});
