/** The DRMAA 1 library of ours, loaded, with a store of its own that is gone with the test. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Drmaa, loadDrmaa } from '@pstar/adaptor-drmaa';
import { expect } from 'vitest';
import { processesWith } from '../../packages/core/src/adaptor/local-process.ts';
import { buildDrmaa1, shepherdOf } from './build.ts';
import type { Counters } from './fixture.ts';

/** How a world is opened. */
export interface World1Options {
  readonly callTimeout?: number;
  /** Functions that the library does not have. */
  readonly without?: readonly string[];
}

/** A library and what it works on. */
export class Drmaa1World implements AsyncDisposable {
  readonly library: string;
  readonly root: string;
  readonly drmaa: Drmaa;
  /** When this file is there, {@link gated} native jobs end. */
  readonly gate: string;

  private constructor(library: string, root: string, drmaa: Drmaa) {
    this.library = library;
    this.root = root;
    this.drmaa = drmaa;
    this.gate = join(root, 'gate');
  }

  static async open({ callTimeout = 30, without = [] }: World1Options = {}): Promise<Drmaa1World> {
    const library = await buildDrmaa1({ without });
    const root = await mkdtemp(join(tmpdir(), 'pstar-drmaa1-'));
    const environment = { DRMAA2_TEST_ROOT: root };
    const drmaa = await loadDrmaa(library, { environment, callTimeout });
    return new Drmaa1World(library, root, drmaa);
  }

  /** What is run by a shell. */
  shell(line: string): { remoteCommand: string; args: string[] } {
    return { remoteCommand: '/bin/sh', args: ['-c', line] };
  }

  /** What runs until the gate is opened. */
  get gated(): { remoteCommand: string; args: string[] } {
    return this.shell(`until [ -e ${this.gate} ]; do sleep 0.05; done`);
  }

  async openGate(): Promise<void> {
    await writeFile(this.gate, '');
  }

  async closeGate(): Promise<void> {
    await rm(this.gate, { force: true });
  }

  /** Has the library fail by rules as `run_job:segfault`, from now on; none ends that. */
  async fail(...rules: string[]): Promise<void> {
    await writeFile(join(this.root, 'fail'), rules.join('\n'));
  }

  async read(name: string): Promise<string> {
    return readFile(join(this.root, name), 'utf8');
  }

  /** The processes that have the library loaded; native jobs have other parents. */
  helpers(): number[] {
    const all = processesWith('DRMAA2_TEST_ROOT', this.root);
    return all.filter(({ parent }) => parent === process.pid).map(({ pid }) => pid);
  }

  /** What each process that has used the store did with objects of C. */
  async counters(): Promise<Counters[]> {
    const env = { DRMAA2_TEST_ROOT: this.root };
    const { stdout } = await promisify(execFile)(shepherdOf(this.library), ['counters'], { env });
    return JSON.parse(stdout);
  }

  /** Ends what still runs, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.fail();
    await this.openGate();
    await this.drmaa.close();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** How many objects of a kind all of them have made, have left, and have used after they were freed. */
export function totals(counters: readonly Counters[], kind: string) {
  const counts = counters.map((each) => each[kind] as { created: number; freed: number });
  const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);
  const created = sum(counts.map((count) => count?.created ?? 0));
  const freed = sum(counts.map((count) => count?.freed ?? 0));
  return { created, left: created - freed, misused: sum(counters.map(({ misused }) => misused)) };
}

/** Fails with what the error is not. */
export function refusal(code: string, drmaa?: string): unknown {
  return expect.objectContaining({ code, ...(drmaa !== undefined && { drmaa }) });
}
