/** What descriptions and URLs become, and what states are told of several hosts. */

import { readFileSync } from 'node:fs';
import { type ParsedPilotJobDescription, PilotJobDescription } from '@pstar/core/adaptor';
import { describe, expect, it } from 'vitest';
import { ATTRIBUTE_RULES, HONOURED } from '../src/attributes.ts';
import { agentsOf } from '../src/geometry.ts';
import type { LaunchRecord, PartRecord } from '../src/launch-records.ts';
import { launchNameOf, nativeIdOf, nativeStateOf, type PartView } from '../src/native-states.ts';
import { gatewayOf, hostsOf, readTarget, SshOptions } from '../src/url.ts';

describe('attributes', () => {
  it('each become something, or are refused with a reason', () => {
    expect(Object.keys(ATTRIBUTE_RULES).sort()).toEqual(
      Object.keys(PilotJobDescription.shape).sort(),
    );
    expect(HONOURED.sort()).toEqual([
      'candidateHosts',
      'initCommands',
      'totalCpuCount',
      'totalPhysicalMemory',
    ]);
  });

  it('are what the guide says', () => {
    const guide = readFileSync(new URL('../../../docs/ssh.md', import.meta.url), 'utf8');
    const [, table = ''] = guide.split(/<!-- \/?attributes -->/);
    expect(table.trim().split('\n').slice(2)).toEqual(
      Object.entries(ATTRIBUTE_RULES).map(([name, { becomes }]) => `| \`${name}\` | ${becomes} |`),
    );
  });
});

const agents = (description: object, ...ofUrl: string[]) =>
  agentsOf(PilotJobDescription.parse(description) as ParsedPilotJobDescription, ofUrl, (target) =>
    target.replace(/^.*@/, ''),
  );

describe('the hosts of a pilot', () => {
  it("are the URL's, or those that it names itself", () => {
    expect(agents({}, 'a', 'b').map(({ target }) => target)).toEqual(['a', 'b']);
    expect(agents({ candidateHosts: ['c'] }, 'a').map(({ target }) => target)).toEqual(['c']);
    expect(() => agents({})).toThrow('there is no host');
    expect(() => agents({}, 'a', 'a')).toThrow('a is there twice');
    expect(() => agents({}, 'a', 'b', 'root@a')).toThrow(
      'a and root@a are one host, which is there twice',
    );
  });

  it('have names that tell them apart', () => {
    const names = (...targets: string[]) => agents({}, ...targets).map(({ node }) => node);
    expect(names('me@a:22', 'b', 'you@[::1]:22')).toEqual(['a', 'b', '::1']);
    expect(names('me@a:22', 'me@a:23')).toEqual(['me@a:22', 'me@a:23']);
  });

  it('share its cores, and each has the memory', () => {
    const offers = agents({ totalCpuCount: 5, totalPhysicalMemory: 7 }, 'a', 'b');
    expect(offers.map(({ offered }) => offered)).toEqual([
      { node: 'a', cores: 3, memory: 7 },
      { node: 'b', cores: 2, memory: 7 },
    ]);
    expect(() => agents({ totalCpuCount: 1 }, 'a', 'b')).toThrow('1 cores are too few for 2 hosts');
  });
});

describe('a URL', () => {
  it('names hosts, with a user and a port for all of them', () => {
    expect(hostsOf(new URL('ssh://node1'))).toEqual(['node1']);
    expect(hostsOf(new URL('ssh:///'))).toEqual([]);
    expect(hostsOf(new URL('ssh://me@a,b:2222/?config=x'))).toEqual(['me@a:2222', 'me@b:2222']);
    expect(() => hostsOf(new URL('ssh://a/b'))).toThrow('it takes no path');
    expect(() => hostsOf(new URL('ssh://a,,b'))).toThrow('a host has no name');
  });

  it('of a gateway names one', () => {
    expect(gatewayOf(new URL('slurm+ssh://me@login:2222/some/path'))).toBe('me@login:2222');
    expect(() => gatewayOf(new URL('slurm+ssh://a,b/'))).toThrow('it has to name one host');
  });

  it('has options of ours alone, and names them where one is misspelt', () => {
    expect(SshOptions.parse({ config: 'c' })).toEqual({ config: 'c' });
    expect(SshOptions.safeParse({ confg: 'c' }).error?.issues).toMatchObject([
      {
        code: 'unrecognized_keys',
        message: 'there is no option confg; there are config, knownHosts, identity, listen',
      },
    ]);
  });

  it('has targets that lead somewhere', () => {
    expect(readTarget('node1', {})).toEqual({ host: 'node1' });
    expect(readTarget('me@[::1]:22', { config: 'c' })).toEqual({
      host: '::1',
      user: 'me',
      port: 22,
      config: 'c',
    });
    expect(() => readTarget('a b:c', {})).toThrow('this is no host');
  });
});

describe('the state of a pilot', () => {
  const record = (...parts: Partial<PartRecord>[]): LaunchRecord => ({
    name: 'p',
    directory: '/p',
    logFile: '/p/log',
    settingsFile: '/p/settings',
    keeps: false,
    isAccepted: true,
    isCanceled: false,
    parts: parts.map((part, i) => ({
      target: `u@h${i}`,
      name: 'p',
      node: `h${i}`,
      ...part,
    })),
  });
  const state = (of: LaunchRecord, ...views: (PartView | undefined)[]) =>
    nativeStateOf(of, ({ node }) => views[Number(node.slice(1))]);
  const runs: PartView = { state: 'running', pid: 7 };

  it('has an id that its name is read from', () => {
    expect(nativeIdOf(record({}, {}))).toBe('p@u@h0,u@h1');
    expect(launchNameOf('p@u@h0,u@h1')).toBe('p');
  });

  it('is Running while any of it runs, on the nodes that it has still', () => {
    expect(state(record({}, { end: { exitCode: 137 } }), runs)).toEqual({
      id: 'p@u@h0,u@h1',
      state: 'Running',
      detail: 'process 7 on h0; h1: ended by SIGKILL',
      nodes: ['h0'],
    });
  });

  it('is no end while a host does not answer, and says why', () => {
    const away: PartView = { state: 'out-of-reach', why: 'no connection to h0: timed out' };
    expect(state(record({}), away)).toMatchObject({
      state: 'Running',
      detail: 'no connection to h0: timed out',
    });
    const known: PartView = { ...away, hint: 'check the port' };
    expect(state(record({}, {}, {}), known, known, runs).hint).toBe('check the port');
    expect(state(record({ end: { exitCode: 0 } }, {}), known, runs)).not.toHaveProperty('hint');
  });

  it('is Suspended when all of it is', () => {
    const stopped: PartView = { state: 'stopped', pid: 7 };
    expect(state(record({}, {}), stopped, stopped).state).toBe('Suspended');
    expect(state(record({}, {}), stopped, runs).state).toBe('Running');
  });

  it('is Done if any of it ended well, Failed if none did, and Canceled if it was to end', () => {
    const lost = { end: { lost: 'the machine was started anew' } };
    const ended = (exitCode: number) => ({ end: { exitCode } });
    expect(state(record(ended(0), lost))).toMatchObject({ state: 'Done', exitCode: 0 });
    expect(state(record(ended(3), lost))).toMatchObject({ state: 'Failed', exitCode: 3 });
    expect(state(record(ended(143)))).toMatchObject({ state: 'Failed', signal: 'SIGTERM' });
    expect(state(record(lost))).toMatchObject({ state: 'Failed' });
    expect(state({ ...record(ended(0)), isCanceled: true }).state).toBe('Canceled');
  });
});
