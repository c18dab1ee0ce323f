import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Endpoint,
  machineOf,
  placeOf,
  resolveEndpoint,
} from '../../src/connection/endpoint.ts';
import type { SshTarget } from '../../src/connection/ssh-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'pstar-endpoint-'));
const config = join(directory, 'config');
afterAll(() => rmSync(directory, { recursive: true }));

function resolve(text: string, target: Partial<SshTarget> = {}, said: string[] = []): Endpoint {
  writeFileSync(config, text);
  const log = { warn: (words: string) => said.push(words) } as never;
  return resolveEndpoint({ host: 'node', config, ...target }, log);
}

describe('an endpoint', () => {
  it('is what ssh would take where nothing is said', () => {
    const at = (name: string) => join(homedir(), '.ssh', name);
    expect(resolve('')).toMatchObject({
      host: 'node',
      port: 22,
      user: userInfo().username,
      jumps: [],
      identityFiles: [at('id_rsa'), at('id_ecdsa'), at('id_ed25519')],
      knownHosts: [
        at('known_hosts'),
        at('known_hosts2'),
        '/etc/ssh/ssh_known_hosts',
        '/etc/ssh/ssh_known_hosts2',
      ],
      methods: ['publickey', 'keyboard-interactive', 'password'],
    });
  });

  it('is shown as it was written, with what stands there for an alias', () => {
    expect(placeOf(resolve('', { host: 'Node', port: 2200 }))).toBe('Node port 2200');
    expect(placeOf(resolve('HostName 10.0.0.7\nPort 7'))).toBe('node at 10.0.0.7 port 7');
  });

  it('is the same machine for whoever logs in, and by whatever name', () => {
    const text = 'Host alias\nHostName Node\nHost far\nHostName node\nProxyJump gate';
    const machine = (target: Partial<SshTarget>) => machineOf(resolve(text, target));
    const same = [{}, { user: 'root' }, { port: 22 }, { host: 'NODE' }, { host: 'alias' }];
    expect(new Set(same.map(machine)).size).toBe(1);
    const others = [{ port: 23 }, { host: 'node2' }, { host: 'far' }];
    expect(new Set([{}, ...others].map(machine)).size).toBe(4);
  });

  it('has its tokens resolved', () => {
    const text =
      'HostName %h.Example\nUser eve\nPort 7\nIdentityFile ~/%r-%h-%n-%p-%%\nProxyCommand nc %h %p';
    expect(resolve(text)).toMatchObject({
      host: 'node.example',
      identityFiles: [join(homedir(), 'eve-node.example-node-7-%')],
      proxyCommand: 'nc node.example 7',
    });
    expect(() => resolve('IdentityFile %z')).toThrow("%z in '%z' stands for nothing");
    expect(() => resolve('IdentityFile $' + '{NO_SUCH_VARIABLE}')).toThrow('stands for nothing');
  });

  it('has what the caller names before what the configuration says', () => {
    const target = { user: 'me', port: 9, identity: '/mine', knownHosts: '/known' };
    const text =
      'User x\nPort 1\nIdentityFile /theirs\nUserKnownHostsFile /a /b\nGlobalKnownHostsFile none';
    expect(resolve(text, target)).toMatchObject({
      user: 'me',
      port: 9,
      identityFiles: ['/mine', '/theirs'],
      knownHosts: ['/known'],
    });
  });

  it('has the machines between, which are looked up in the same files', () => {
    const { jumps } = resolve('ProxyJump one,me@two:2200,ssh://[::1]:22', { knownHosts: '/k' });
    const files = { config, knownHosts: '/k' };
    expect(jumps).toEqual([
      { host: 'one', ...files },
      { host: 'two', user: 'me', port: 2200, ...files },
      { host: '::1', port: 22, ...files },
    ]);
    expect(resolve('ProxyJump none').jumps).toEqual([]);
    expect(resolve('Host *\nProxyJump node').jumps).toEqual([]);
    expect(() => resolve('ProxyJump me@')).toThrow('ProxyJump names no host');
  });

  it('offers the algorithms that are wanted, of those that there are', () => {
    const offer = (text: string) => resolve(text).algorithms;
    expect(offer('').ordered).toBe(false);
    const wanted = offer('HostKeyAlgorithms rsa-sha2-512,sk-ssh-ed25519@openssh.com,ssh-ed25519');
    expect(wanted).toMatchObject({ ordered: true, serverHostKey: ['rsa-sha2-512', 'ssh-ed25519'] });
    expect(offer('HostKeyAlgorithms +ssh-rsa').serverHostKey.at(-1)).toBe('ssh-rsa');
    expect(offer('HostKeyAlgorithms -ecdsa-*').serverHostKey).not.toContain('ecdsa-sha2-nistp256');
    expect(offer('HostKeyAlgorithms ^rsa-sha2-256').serverHostKey[0]).toBe('rsa-sha2-256');
  });

  it('is asked about its methods in the order that is preferred, without those switched off', () => {
    const text =
      'PreferredAuthentications gssapi-with-mic,password,publickey\nPasswordAuthentication no';
    expect(resolve(text).methods).toEqual(['publickey']);
  });

  it('refuses by name what could lead elsewhere or let others in', () => {
    for (const line of [
      'CertificateFile /c',
      'KnownHostsCommand /bin/keys',
      'CanonicalizeHostname yes',
      'ProxyUseFdpass yes',
    ]) {
      expect(() => resolve(line)).toThrow(`${line.split(' ')[0]} is not supported (node)`);
    }
    expect(() => resolve('Port 70000')).toThrow("'70000' is no port");
  });

  it('says that unknown keys are refused where the configuration would accept them', () => {
    const said: string[] = [];
    resolve('StrictHostKeyChecking accept-new', {}, said);
    resolve('StrictHostKeyChecking ask', {}, said);
    expect(said).toEqual([
      'node: StrictHostKeyChecking accept-new is read as yes: unknown host keys are refused',
    ]);
  });

  it('reads times as ssh writes them', () => {
    const text = 'ConnectTimeout 1m30s\nServerAliveInterval 7\nServerAliveCountMax 2';
    expect(resolve(text)).toMatchObject({
      connectTimeoutMs: 90_000,
      keepaliveMs: 7000,
      keepaliveCount: 2,
    });
    expect(resolve('')).toMatchObject({ connectTimeoutMs: 30_000, keepaliveMs: 15_000 });
  });
});
