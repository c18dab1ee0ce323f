import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { HostKeyCheck } from '../../src/connection/host-key-check.ts';
import { fingerprint, judge, knownName, linesAbout } from '../../src/connection/known-hosts.ts';

const directory = mkdtempSync(join(tmpdir(), 'pstar-known-hosts-'));
const file = join(directory, 'known_hosts');
afterAll(() => rmSync(directory, { recursive: true }));

function makeKey(name: string, type: string): { readonly line: string; readonly blob: Buffer } {
  const path = join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', path]);
  const [kind = '', key = ''] = readFileSync(`${path}.pub`, 'utf8').split(' ');
  return { line: `${kind} ${key}`, blob: Buffer.from(key, 'base64') };
}

const keys = {
  one: makeKey('one', 'ed25519'),
  two: makeKey('two', 'ed25519'),
  rsa: makeKey('rsa', 'rsa'),
  ecdsa: makeKey('ecdsa', 'ecdsa'),
};

function check(text: string, host = 'node.example', port = 22): HostKeyCheck {
  writeFileSync(file, text);
  return new HostKeyCheck({ host, port, files: [file, join(directory, 'absent')] });
}

describe('known hosts', () => {
  it('are found where ssh-keygen -F finds them, hashed or not', () => {
    const name = fc.constantFrom('a', 'b.example', '10.0.0.1', '[a]:2200', '[10.0.0.1]:7');
    const patterns = fc
      .array(fc.oneof(name, fc.constantFrom('*', '*.example', '!a', '10.0.0.?', '[*]:2200')), {
        minLength: 1,
        maxLength: 3,
      })
      .map((list) => list.join(','));
    const line = fc
      .tuple(fc.constantFrom('', '', '@revoked ', '@cert-authority '), patterns)
      .map(([marker, list]) => `${marker}${list} ${keys.one.line} a comment`);
    const text = fc.array(fc.oneof(line, line, fc.constantFrom('# comment', '')), {
      maxLength: 5,
    });
    const property = fc.property(text, name, fc.boolean(), (lines, host, hashed) => {
      writeFileSync(file, `${lines.join('\n')}\n`);
      // Names without wildcards only are hashed by it; the others stay as they are.
      if (hashed) execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
      const ours = linesAbout(host, [{ path: file, text: readFileSync(file, 'utf8') }]);
      expect(ours.map((each) => each.line)).toEqual(theirs(host));
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('have the fingerprints that ssh-keygen -l shows', () => {
    for (const [name, { blob }] of Object.entries(keys)) {
      const said = execFileSync('ssh-keygen', ['-lf', join(directory, `${name}.pub`)]).toString();
      expect(said).toContain(` ${fingerprint(blob)} `);
    }
  });

  it('have their port in their name where it is not 22', () => {
    expect(knownName('Node.Example', 22)).toBe('node.example');
    expect(knownName('Node.Example', 23)).toBe('[node.example]:23');
  });

  it('are judged by what stands there: known, unknown, changed, revoked', () => {
    const about = (text: string) => linesAbout('h', [{ path: file, text }]);
    expect(judge(about(`h ${keys.one.line}`), keys.one.blob).is).toBe('known');
    expect(judge(about(`h ${keys.two.line}\nh ${keys.one.line}`), keys.one.blob).is).toBe('known');
    expect(judge(about(`h ${keys.two.line}`), keys.one.blob).is).toBe('changed');
    expect(judge(about(`h ${keys.rsa.line}`), keys.one.blob).is).toBe('unknown');
    expect(judge(about(`other ${keys.one.line}`), keys.one.blob).is).toBe('unknown');
    const revoked = `h ${keys.one.line}\n@revoked * ${keys.one.line}`;
    expect(judge(about(revoked), keys.one.blob).is).toBe('revoked');
    expect(judge(about(`@cert-authority * ${keys.one.line}`), keys.one.blob).is).toBe('unknown');
  });
});

describe('a host key', () => {
  it('is asked for by an algorithm whose key is known', () => {
    const all = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'];
    expect(check('').order(all)).toEqual(all);
    expect(check(`node.example ${keys.rsa.line}`).order(all)).toEqual([
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
    ]);
    expect(check(`@revoked * ${keys.rsa.line}`).order(all)).toEqual(all);
  });

  it('is refused when it is unknown, with the command that accepts it', () => {
    const before = check('', 'node.example', 2200);
    const refusal = before.refusal(keys.one.blob);
    expect(refusal).toMatchObject({ code: 'AUTHENTICATION_FAILED', transient: false });
    expect(refusal?.message).toContain('node.example port 2200');
    expect(refusal?.message).toContain(`ssh-ed25519 ${fingerprint(keys.one.blob)}`);
    accept(refusal?.hint);
    const after = new HostKeyCheck({ host: 'node.example', port: 2200, files: [file] });
    expect(after.refusal(keys.one.blob)).toBeUndefined();
    expect(after.refusal(keys.two.blob)).toBeDefined();
  });

  it('is refused when it has changed, with the line of the other and the command for that', () => {
    const refusal = check(`# \nnode.example ${keys.two.line}\n`).refusal(keys.one.blob);
    expect(refusal?.message).toContain('has changed');
    expect(refusal?.message).toContain(`${file} line 2 has ${fingerprint(keys.two.blob)}`);
    expect(refusal?.message).toContain('ssh-keygen -R node.example');
    accept(refusal?.hint);
    const after = new HostKeyCheck({ host: 'node.example', port: 22, files: [file] });
    expect(after.refusal(keys.one.blob)).toBeUndefined();
    expect(after.refusal(keys.two.blob)).toBeDefined();
  });

  it('says that certificates of hosts are not supported, and which other key is known', () => {
    const authority = check(`@cert-authority *.example ${keys.two.line}`).refusal(keys.one.blob);
    expect(authority?.message).toContain('certificates of hosts are not supported');
    const other = check(`node.example ${keys.rsa.line}`).refusal(keys.one.blob);
    expect(other?.message).toContain('knows it by its ssh-rsa key only');
  });

  it('counts with its port or without, as for ssh, and under its alias alone', () => {
    expect(check(`node.example ${keys.one.line}`, 'node.example', 99).refusal(keys.one.blob)).toBe(
      undefined,
    );
    const query = { host: 'x', port: 99, alias: 'node.example', files: [file] };
    expect(new HostKeyCheck(query).refusal(keys.one.blob)).toBeUndefined();
    expect(new HostKeyCheck({ ...query, alias: 'y' }).refusal(keys.one.blob)).toBeDefined();
  });
});

/** The lines that ssh-keygen finds. */
function theirs(host: string): number[] {
  try {
    const said = execFileSync('ssh-keygen', ['-F', host, '-f', file], { stdio: 'pipe' }).toString();
    return [...said.matchAll(/found: line (\d+)/g)].map(([, number]) => Number(number));
  } catch {
    return [];
  }
}

/** Does what an error says. */
function accept(hint = ''): void {
  const command = hint.slice(hint.search(/(ssh-keygen -R|echo) /));
  execFileSync('/bin/sh', ['-c', command], { stdio: 'ignore' });
}
