import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterMark, commandLine } from '../../src/connection/remote-command.ts';

function run(shell: string, command: readonly string[], environment: Record<string, string> = {}) {
  const { stdout, stderr, status } = spawnSync(shell, [
    '-c',
    commandLine('MARK', command, environment),
  ]);
  return { status, stdout: afterMark(stdout, 'MARK'), stderr: afterMark(stderr, 'MARK') };
}

describe('a command for a login shell', () => {
  it.each(['/bin/sh', '/bin/bash'])('has exactly its arguments, by %s', (shell) => {
    const word = fc.string({ unit: 'binary-ascii' }).map((text) => text.replaceAll('\0', ''));
    const property = fc.property(fc.array(word, { maxLength: 4 }), word, (words, value) => {
      const print = 'for word; do printf "%s\\036" "$word"; done; printf "%s" "$VALUE"';
      const { stdout } = run(shell, ['sh', '-c', print, 'sh', ...words], { VALUE: value });
      expect(String(stdout?.text)).toBe([...words, value].join('\x1e'));
    });
    fc.assert(property, { numRuns: 40 });
  });

  it('says which process it is, and why there is none', () => {
    expect(run('/bin/sh', ['echo', 'x']).stdout?.said).toMatch(/^\d+$/);
    expect(run('/bin/sh', ['echo', 'x']).stderr?.said).toBe('');
    expect(run('/bin/sh', ['no-such-program'])).toMatchObject({
      status: 127,
      stderr: { said: 'missing' },
    });
    expect(run('/bin/sh', ['/etc/passwd'])).toMatchObject({
      status: 126,
      stderr: { said: 'forbidden' },
    });
    expect(run('/bin/sh', ['found'], { PATH: '/nowhere' }).stderr?.said).toBe('missing');
  });

  it('has an output that begins behind its mark, once that is whole', () => {
    const output = Buffer.from('Welcome!\nMARK 17\nanswer\n');
    expect(afterMark(output, 'MARK')).toEqual({ said: '17', text: Buffer.from('answer\n') });
    expect(afterMark(output.subarray(0, 14), 'MARK')).toBeUndefined();
    expect(afterMark(Buffer.from('Welcome!\n'), 'MARK')).toBeUndefined();
  });
});
