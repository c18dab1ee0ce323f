/** A DRMAA 2 library of ours, loaded, with a store of its own that is gone with the test. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Drmaa2, type Drmaa2JobSession, loadDrmaa2 } from '@pstar/adaptor-drmaa';
import { expect } from 'vitest';
import { buildDrmaa2, type Layout, shepherdOf } from './build.ts';

/** What a process has done with one kind of object. */
interface Count {
  readonly created: number;
  readonly freed: number;
}

/** What the library says of one process that used it. */
export interface Counters {
  readonly pid: number;
  /** Uses of what was freed, or never was an object of that kind. */
  readonly misused: number;
  readonly foreign: number;
  readonly [kind: string]: Count | number;
}

/** How a world is opened. */
export interface WorldOptions {
  readonly layout?: Layout;
  readonly callTimeout?: number;
  /** The store of another world, whose sessions and native jobs are there as well. */
  readonly root?: string;
  /** AddressSanitizer's library: with it, helper processes write reports into the root. */
  readonly sanitizer?: string;
  /** Whether leaks are to be found as well, which makes malloc several times as slow. */
  readonly findLeaks?: boolean;
}

/** A library and what it works on. */
export class Drmaa2World implements AsyncDisposable {
  readonly layout: Layout;
  readonly library: string;
  readonly root: string;
  readonly drmaa: Drmaa2;
  /** When this file is there, {@link gated} native jobs end. */
  readonly gate: string;

  private constructor(layout: Layout, library: string, root: string, drmaa: Drmaa2) {
    this.layout = layout;
    this.library = library;
    this.root = root;
    this.drmaa = drmaa;
    this.gate = join(root, 'gate');
  }

  static async open(options: WorldOptions = {}): Promise<Drmaa2World> {
    const { layout = 'ogf', callTimeout = 30, sanitizer, findLeaks } = options;
    const library = await buildDrmaa2(sanitizer ? { layout, sanitize: 'address' } : { layout });
    const root = options.root ?? (await mkdtemp(join(tmpdir(), 'pstar-drmaa2-')));
    const environment = {
      DRMAA2_TEST_ROOT: root,
      ...(sanitizer && {
        LD_PRELOAD: sanitizer,
        ASAN_OPTIONS: [
          `log_path=${join(root, 'report')}`,
          // koffi calls C on stacks of its own, on which fast unwinding sees nobody: and what nobody
          // has allocated is not counted as lost. The callers' callers are of no interest.
          `fast_unwind_on_malloc=${findLeaks ? 0 : 1}`,
          'malloc_context_size=6',
        ].join(':'),
      }),
    };
    const drmaa = await loadDrmaa2(library, { environment, callTimeout });
    return new Drmaa2World(layout, library, root, drmaa);
  }

  /** A template of a native job that runs this line. */
  shell(line: string): { remoteCommand: string; args: string[] } {
    return { remoteCommand: '/bin/sh', args: ['-c', line] };
  }

  /** A template of a native job that runs until the gate is opened. */
  get gated(): { remoteCommand: string; args: string[] } {
    return this.shell(`until [ -e ${this.gate} ]; do sleep 0.05; done`);
  }

  async openGate(): Promise<void> {
    await writeFile(this.gate, '');
  }

  /** Has the library fail by rules as `run_job:segfault`, from now on; none ends that. */
  async fail(...rules: string[]): Promise<void> {
    await writeFile(join(this.root, 'fail'), rules.join('\n'));
  }

  async read(name: string): Promise<string> {
    return readFile(join(this.root, name), 'utf8');
  }

  /** What each process that has used the store did with objects of C. */
  async counters(): Promise<Counters[]> {
    const env = { DRMAA2_TEST_ROOT: this.root };
    const { stdout } = await promisify(execFile)(shepherdOf(this.library), ['counters'], { env });
    return JSON.parse(stdout);
  }

  /** Nothing is left in C of any process, and nothing was used after it was freed. */
  async expectNothingLeft(): Promise<void> {
    for (const { pid, misused, foreign: _, ...kinds } of await this.counters()) {
      expect(misused, `misuses of ${pid}`).toBe(0);
      for (const [kind, count] of Object.entries(kinds)) {
        const { created, freed } = count as Count;
        expect(`${created - freed} of ${kind}`).toBe(`0 of ${kind}`);
      }
    }
  }

  /** Ends what still runs, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.fail();
    await this.openGate();
    await this.drmaa.close();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Sessions are few, and each wants a name of its own. */
let sessions = 0;

/** A job session under a name that no other has. */
export function newSession(drmaa: Drmaa2): Promise<Drmaa2JobSession> {
  sessions += 1;
  return drmaa.createJobSession(`session-${sessions}`);
}
