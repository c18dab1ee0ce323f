import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentLaunch } from '../../src/adaptor/adaptor.ts';
import { agentScript, shellCommand, shellQuote } from '../../src/adaptor/shell.ts';

function run(script: string) {
  return spawnSync('/bin/sh', { input: script, encoding: 'utf8' });
}

describe('shellQuote', () => {
  it('gives a shell exactly this text', () => {
    const words = fc.array(fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')));
    fc.assert(
      fc.property(words, (texts) => {
        const script = `printf '%s\\0' end ${shellCommand(texts)}`;
        const wellFormed = texts.map((text) => Buffer.from(text).toString());
        expect(run(script).stdout.split('\0').slice(1, -1)).toEqual(wellFormed);
      }),
      { numRuns: 50 },
    );
  });

  it('leaves plain words as they are, and refuses what no command can hold', () => {
    expect(shellQuote('/usr/bin/node')).toBe('/usr/bin/node');
    expect(shellQuote('')).toBe("''");
    expect(() => shellQuote('a\0b')).toThrow('NUL');
  });
});

describe('agentScript', () => {
  const launch = (initCommands: string[], command: string[]): AgentLaunch => ({
    name: 'pilot-1',
    command,
    settingsFile: '/s.json',
    agentFile: '/a.mjs',
    manager: { host: '127.0.0.1', port: 1 },
    directory: '/',
    environment: { GREETING: "it's $HOME" },
    logFile: '/log',
    description: { initCommands },
  });

  it('runs the commands, then becomes the agent, with the variables set', () => {
    const script = agentScript(launch(['X=1; export X'], ['sh', '-c', 'echo "$GREETING $X"']));
    expect(run(script).stdout).toBe("it's $HOME 1\n");
  });

  it('has NODE_OPTIONS seen by the commands, and handed on to units by an agent without', () => {
    const show = `echo "\${NODE_OPTIONS-none}, \${PSTAR_UNIT_NODE_OPTIONS-none}"`;
    const script = agentScript(launch([show], ['sh', '-c', show]));
    const options = { input: script, encoding: 'utf8' } as const;
    const said = (env: NodeJS.ProcessEnv) => spawnSync('/bin/sh', { ...options, env }).stdout;
    expect(said({ NODE_OPTIONS: '--import "./a b.mjs"' })).toBe(
      '--import "./a b.mjs", none\nnone, --import "./a b.mjs"\n',
    );
    expect(said({})).toBe('none, none\nnone, none\n');
  });

  it('runs nothing that stands for the name of a variable', () => {
    const strange = { ...launch([], ['true']), environment: { 'A;touch x;': '1' } };
    expect(() => agentScript(strange)).toThrow('A;touch x; is no name of a variable');
  });

  it('stops at a command that fails, and says which', () => {
    const { status, stdout, stderr } = run(agentScript(launch(['false # no'], ['echo', 'agent'])));
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe('pstar: initCommands[0] has failed: false # no\n');
  });

  it.each(['sh', 'bash'])('ends in %s at a command that is none, and at no other', (shell) => {
    const script = agentScript(launch(['echo "a', 'X="'], ['echo', 'agent']));
    const { status, stdout, stderr } = spawnSync(shell, { input: script, encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('pstar: initCommands[0] has failed: echo "a\n');
  });

  it("says of a site's command where it is written", () => {
    const site = { source: 'SITE', commands: ['X=1', 'false'] };
    const { status, stderr } = run(agentScript(launch(['true'], ['echo', 'agent']), site));
    expect([status, stderr]).toEqual([1, 'pstar: SITE has failed: false\n']);
  });
});
