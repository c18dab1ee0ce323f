/** Passwords, passphrases and keys go into the protocol of ssh, and nowhere else. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { sshAdaptor } from '@pstar/adaptor-ssh';
import type { Log, SecurityContext } from '@pstar/core';
import { PilotJobService, WorkUnitService } from '@pstar/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cannotIsolate, type SshHosts, startSshHosts } from '../clusters/ssh/hosts.ts';
import { reached, shell } from '../integration/fixture.ts';
import { PATIENCE_MS, SshWorld, urlWithKey } from './fixture.ts';

const PASSWORD = 'dressed-in-blue-1138';
const WRONG = 'dressed-in-red-1139';
const PASSPHRASE = 'a-sentence-of-words-2187';

/** How often a process is looked at: it has other arguments once it has become another program. */
const LOOKS = 10;

/** Looks at all processes of the machine that are new, hosts included, as often as it can. */
class Watch implements Disposable {
  readonly seen = new Set<string>();
  readonly #secrets: readonly string[];
  readonly #looks = new Map<string, number>();
  readonly #timer = setInterval(() => this.look(), 5);

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  /** How many processes there were. */
  get processes(): number {
    return this.#looks.size;
  }

  look(again = false): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const looks = this.#looks.get(pid) ?? 0;
      if (Number(pid) === process.pid || (looks >= LOOKS && !again)) continue;
      this.#looks.set(pid, looks + 1);
      for (const file of ['cmdline', 'environ']) {
        const text = readOr(`/proc/${pid}/${file}`);
        if (this.#secrets.some((secret) => text.includes(secret)))
          this.seen.add(`${file}: ${text}`);
      }
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has just ended.
    return '';
  }
}

/** A log that keeps all that it is told, errors with their causes. */
function keepingLog(kept: string[]): Log {
  const entry = (...words: unknown[]) => {
    kept.push(inspect(words, { depth: 8, showHidden: true }));
  };
  const log = { trace: entry, debug: entry, info: entry, warn: entry, error: entry };
  const child = (bindings: object): Log => {
    entry(bindings);
    return keepingLog(kept);
  };
  return { ...log, child };
}

/** The files below a directory that have one of these in them. */
async function filesWith(directory: string, secrets: readonly string[]): Promise<string[]> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const { name, parentPath } of files.filter((file) => file.isFile())) {
    const text = await readFile(join(parentPath, name), 'latin1');
    if (secrets.some((secret) => text.includes(secret))) found.push(join(parentPath, name));
  }
  return found;
}

describe.skipIf(await cannotIsolate())('a secret', { timeout: 2 * PATIENCE_MS }, () => {
  let hosts: SshHosts;
  let protectedKey: string;
  let secrets: readonly string[];
  beforeAll(async () => {
    const account = { user: 'pat', password: PASSWORD };
    hosts = await startSshHosts({
      hosts: [{}, { account }, { account: { ...account, asked: 'keyboard-interactive' } }],
    });
    protectedKey = await hosts.makeIdentity('protected', { passphrase: PASSPHRASE });
    const keys = await Promise.all(
      [hosts.identity, protectedKey].map((path) => readFile(path, 'utf8')),
    );
    const lines = keys.map((text) => text.split('\n')[3] ?? '');
    secrets = [PASSWORD, WRONG, PASSPHRASE, ...lines];
    expect(secrets.every((secret) => secret.length > 15)).toBe(true);
  });
  afterAll(() => hosts.stop());

  const ways: Record<string, [host: string, key: () => string, SecurityContext]> = {
    'a key': ['h1', () => hosts.identity, {}],
    'a passphrase': ['h1', () => protectedKey, { prompt: () => PASSPHRASE }],
    'a password': ['h2', () => 'none', { userPass: PASSWORD }],
    'a password that is asked for': ['h2', () => 'none', { prompt: () => PASSWORD }],
    'the answer to a question': ['h3', () => 'none', { prompt: () => PASSWORD }],
    'a wrong password': ['h2', () => 'none', { userPass: WRONG }],
  };

  it.each(Object.keys(ways))(
    '%s is in no argument, no variable, no log, no file and no error',
    async (way) => {
      const [host, key, context] = ways[way] as (typeof ways)[string];
      const rm = await urlWithKey(hosts, host, key());
      await using world = await SshWorld.open(hosts);
      const log: string[] = [];
      const { store } = world;
      const pilots = await PilotJobService.open({
        store,
        id: 'told',
        adaptors: [sshAdaptor],
        log: keepingLog(log),
      });
      const work = await WorkUnitService.open({ store, services: [pilots], log: keepingLog(log) });
      using watch = new Watch(secrets);
      const told: string[] = [];
      try {
        const pilot = await pilots.create(rm, { totalCpuCount: 1 }, { context });
        await reached(pilot, 'Running');
        await work.submit([shell('env; sleep 0.1')]);
        await work.wait();
        told.push(inspect([pilot, ...work.workUnits], { depth: 8, showHidden: true }));
      } catch (error) {
        told.push(inspect(error, { depth: 8, showHidden: true }));
      }
      const isWrong = way === 'a wrong password';
      expect(told.join().includes('AUTHENTICATION_FAILED')).toBe(isWrong);
      await work.close();
      await pilots.close();
      watch.look(true);
      expect(watch.processes).toBeGreaterThan(10);
      expect([...watch.seen]).toEqual([]);
      expect(secrets.filter((secret) => log.join().includes(secret))).toEqual([]);
      expect(secrets.filter((secret) => told.join().includes(secret))).toEqual([]);
      const files = await filesWith(store, secrets);
      // What was given to be used again after a reopen is kept where nobody else can read it.
      expect(files.filter((path) => !path.endsWith('/context.json'))).toEqual([]);
      for (const path of files) expect((await stat(path)).mode & 0o077).toBe(0);
      for (const { home } of hosts.hosts) expect(await filesWith(home, secrets)).toEqual([]);
      const again = await PilotJobService.open({
        store,
        id: 'told',
        adaptors: [sshAdaptor],
        ...(context.prompt && { prompt: context.prompt }),
      });
      await again.cancel();
    },
  );
});
