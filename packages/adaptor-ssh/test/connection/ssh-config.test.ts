import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  readSettings,
  resolveHostname,
  type SshSettings,
} from '../../src/connection/ssh-config.ts';

const directory = mkdtempSync(join(tmpdir(), 'pstar-ssh-config-'));
const file = join(directory, 'config');
afterAll(() => rmSync(directory, { recursive: true }));

/** What ssh itself makes of a configuration. */
function oracle(path: string, host: string): Map<string, string[]> {
  const said = execFileSync('ssh', ['-G', '-F', path, host], { encoding: 'utf8', stdio: 'pipe' });
  const found = new Map<string, string[]>();
  for (const line of said.trim().split('\n')) {
    const [, keyword = '', value = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    // It has two words for yes, of which one is not that of its manual.
    const word = { true: 'yes', false: 'no' }[value] ?? value;
    found.set(keyword, [...(found.get(keyword) ?? []), word]);
  }
  return found;
}

const COMPARED = [
  'addressfamily',
  'bindaddress',
  'connecttimeout',
  'globalknownhostsfile',
  'hostkeyalias',
  'identitiesonly',
  'identityagent',
  'identityfile',
  'port',
  'preferredauthentications',
  'proxycommand',
  'proxyjump',
  'serveralivecountmax',
  'serveraliveinterval',
  'stricthostkeychecking',
  'user',
  'userknownhostsfile',
] as const;

function ours(settings: SshSettings, keyword: (typeof COMPARED)[number]): string[] | undefined {
  const value = settings[keyword];
  if (value === undefined || value === 'none') return undefined;
  if (keyword === 'identityfile') return [...(value as readonly string[])];
  return [typeof value === 'string' ? value : value.join(' ')];
}

const defaults = new Map<string, Map<string, string[]>>();

function compare(text: string, host: string): void {
  writeFileSync(file, text);
  const settings = readSettings({ host, file });
  const theirs = oracle(file, host);
  const untouched = defaults.get(host) ?? oracle('/dev/null', host);
  defaults.set(host, untouched);
  for (const keyword of COMPARED) {
    expect([keyword, ours(settings, keyword) ?? untouched.get(keyword)]).toEqual([
      keyword,
      theirs.get(keyword),
    ]);
  }
  expect(resolveHostname(settings, host).toLowerCase()).toBe(theirs.get('hostname')?.[0]);
}

const names = ['login', 'login1', 'gpu.example.org', 'db.example.org', 'a', 'b'];
const pattern = fc.constantFrom('*', '*.example.org', 'login?', 'login*', 'a', 'b', '?', 'gpu.*');
const patterns = fc.array(
  fc.tuple(fc.boolean(), pattern).map(([negated, text]) => (negated ? `!${text}` : text)),
  { minLength: 1, maxLength: 4 },
);
const quoted = (word: fc.Arbitrary<string>) =>
  fc.tuple(word, fc.constantFrom('', '"')).map(([text, quote]) => `${quote}${text}${quote}`);
const path = quoted(fc.constantFrom('/keys/a', '/keys/b', '/keys/%h', '/with#hash'));
const plain = quoted(fc.constantFrom('/known/a', '/known/b'));
const setting = fc.oneof(
  fc.constantFrom('node.example', '%h.internal', 'UPPER.example').map((v) => ['HostName', v]),
  fc.constantFrom('22', '2222', '7000').map((v) => ['Port', v]),
  fc.constantFrom('alice', 'bob').map((v) => ['User', v]),
  path.map((v) => ['IdentityFile', v]),
  fc.constantFrom('yes', 'no').map((v) => ['IdentitiesOnly', v]),
  fc.constantFrom('/agent.sock', 'SSH_AUTH_SOCK').map((v) => ['IdentityAgent', v]),
  fc.constantFrom('ask', 'yes', 'accept-new').map((v) => ['StrictHostKeyChecking', v]),
  fc.tuple(plain, plain).map(([a, b]) => ['UserKnownHostsFile', `${a} ${b}`]),
  plain.map((v) => ['GlobalKnownHostsFile', v]),
  fc.constantFrom('one', 'two').map((v) => ['HostKeyAlias', v]),
  fc.constantFrom('gate', 'me@gate:2200', 'none').map((v) => ['ProxyJump', v]),
  fc.constantFrom('nc "%h" %p # all', 'none').map((v) => ['ProxyCommand', v]),
  fc.constantFrom('5', '30').map((v) => ['ServerAliveInterval', v]),
  fc.constantFrom('1', '9').map((v) => ['ServerAliveCountMax', v]),
  fc.constantFrom('7', '70').map((v) => ['ConnectTimeout', v]),
  fc.constantFrom('publickey', 'password,publickey').map((v) => ['PreferredAuthentications', v]),
  fc.constantFrom('inet', 'inet6').map((v) => ['AddressFamily', v]),
  fc.constant(['ForwardX11', 'no']),
) as fc.Arbitrary<[string, string]>;
const line = fc
  .tuple(
    setting,
    fc.constantFrom(' ', '=', ' = ', '\t'),
    fc.constantFrom('', '  ', '\t'),
    fc.boolean(),
  )
  .map(([[keyword, value], between, before, shout]) => {
    return `${before}${shout ? keyword.toUpperCase() : keyword}${between}${value}`;
  });
const criterion = fc.oneof(
  fc
    .tuple(fc.constantFrom('host', 'originalhost', 'user', 'localuser'), patterns, fc.boolean())
    .map(([name, list, negated]) => `${negated ? '!' : ''}${name} ${list.join(',')}`),
  fc.constantFrom('user alice', 'user bob', 'final', '!final', 'canonical'),
);
const head = fc.oneof(
  patterns.map((list) => `Host ${list.join(' ')}`),
  fc.array(criterion, { minLength: 1, maxLength: 2 }).map((list) => `Match ${list.join(' ')}`),
  fc.constantFrom('Match all', '# a comment', '', 'Host *'),
);
const config = fc
  .array(fc.tuple(head, fc.array(line, { maxLength: 4 })), { maxLength: 6 })
  .map((blocks) => blocks.flatMap(([first, lines]) => [first, ...lines]).join('\n'));

describe('reading ssh_config', () => {
  it('finds what ssh finds', () => {
    fc.assert(
      fc.property(config, fc.constantFrom(...names), (text, host) => compare(text, host)),
      { numRuns: 150 },
    );
  });

  it('follows Include as ssh does, where it stands', () => {
    const parts = join(directory, 'parts');
    mkdirSync(parts);
    writeFileSync(join(parts, 'b.conf'), 'User bob\nPort 2\nHost other\nPort 9\n');
    writeFileSync(join(parts, 'a.conf'), 'Host a*\nUser alice\n');
    writeFileSync(join(parts, '.hidden.conf'), 'User nobody\n');
    for (const host of names) {
      compare(`Include ${parts}/*.conf\nPort 3\n`, host);
      compare(`Host b\nInclude "${parts}/?.conf"\nHost *\nPort 3\n`, host);
      compare(`Include ${parts}/none-*.conf\nPort 3\n`, host);
    }
  });

  it('takes what the caller says before all else, also in Match user', () => {
    writeFileSync(file, 'User bob\nMatch user carol\nIdentityFile /c\nMatch user bob\nPort 9\n');
    const settings = readSettings({ host: 'a', user: 'carol', port: 5, file });
    expect(settings).toMatchObject({ user: 'carol', port: '5', identityfile: ['/c'] });
  });

  it.each([
    ['Match exec "true"\nUser x', 'line 1'],
    ['Port 1\nMatch nonsense x', 'Match nonsense is not supported'],
    ['User "x', 'a quote is left open'],
    ['Host', 'host says nothing'],
  ])('refuses %j by name and line', (text, words) => {
    writeFileSync(file, text);
    expect(() => readSettings({ host: 'a', file })).toThrow(words);
  });

  it('does not mind a Match exec that ssh would not run either', () => {
    writeFileSync(file, 'Match host elsewhere exec "true"\nUser x\n');
    expect(readSettings({ host: 'a', file })).toEqual({});
  });

  it('says which file is missing that was asked for', () => {
    const missing = join(directory, 'missing');
    expect(() => readSettings({ host: 'a', file: missing })).toThrow(missing);
  });

  it('gives up on files that include one another', () => {
    writeFileSync(file, `Include ${file}\n`);
    expect(() => readSettings({ host: 'a', file })).toThrow('includes the other without end');
  });
});
