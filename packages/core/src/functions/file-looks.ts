/**
 * What the files of a bundle look like from outside, by their times, sizes and inodes: whether one of them has
 * changed since they were looked at. A package may be of a thousand files, and most submits come right after
 * another one: so the author's own files are looked at each time, those of packages now and then.
 */
import { type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** For so long a look at files in `node_modules` counts. A thousand of them are 1.3 ms. */
export const PACKAGES_COUNT_MS = 100;

/**
 * For so long a look may take this thread, where a file costs a microsecond, and a promise for it eight times
 * that. Where files are slow, as those of another host are, the rest is left to the pool.
 */
const AT_ONCE_MS = 5;

const PACKAGES = /[\\/]node_modules[\\/]/;
const GONE = { mtimeMs: 0, ctimeMs: 0, size: 0, ino: 0 };

/** Four numbers for each file. */
type Looks = Float64Array;

/** Files, and how they looked. */
export class FileLooks {
  /** When one of them was last changed; 0 when there are none of them any more. */
  readonly changedAt: number;
  readonly #own: Part;
  readonly #packages: Part;
  readonly #now: () => number;
  #packagesLook: { readonly at: number; readonly isSame: Promise<boolean> };

  private constructor(own: Part, packages: Part, now: () => number, at: number) {
    this.#own = own;
    this.#packages = packages;
    this.#now = now;
    this.#packagesLook = { at, isSame: Promise.resolve(true) };
    this.changedAt = Math.max(own.changedAt, packages.changedAt);
  }

  /** @param now - A clock that never goes back, in milliseconds. */
  static async at(files: readonly string[], now = () => performance.now()): Promise<FileLooks> {
    const at = now();
    const own = Part.of(files.filter((file) => !PACKAGES.test(file)));
    const packages = Part.of(files.filter((file) => PACKAGES.test(file)));
    return new FileLooks(await own, await packages, now, at);
  }

  /**
   * Whether none was written, replaced or removed since, as they are when this is called; of those in
   * `node_modules`, as they were at most {@link PACKAGES_COUNT_MS} before.
   */
  async areSame(): Promise<boolean> {
    const own = this.#own.isSame();
    const at = this.#now();
    if (at - this.#packagesLook.at >= PACKAGES_COUNT_MS) {
      this.#packagesLook = { at, isSame: this.#packages.isSame() };
    }
    const packages = this.#packagesLook.isSame;
    return (await own) && (await packages);
  }
}

/** Some of the files, which are looked at together. */
class Part {
  readonly #files: readonly string[];
  readonly #looks: Looks;

  private constructor(files: readonly string[], looks: Looks) {
    this.#files = files;
    this.#looks = looks;
  }

  static async of(files: readonly string[]): Promise<Part> {
    return new Part(files, await looksOf(files));
  }

  get changedAt(): number {
    return this.#looks.reduce((at, ms, i) => (i % 4 < 2 ? Math.max(at, ms) : at), 0);
  }

  async isSame(): Promise<boolean> {
    const looks = await looksOf(this.#files);
    return looks.every((value, i) => value === this.#looks[i]);
  }
}

/** Begins at once: what is near is looked at before this returns. */
async function looksOf(files: readonly string[]): Promise<Looks> {
  const looks = new Float64Array(files.length * 4);
  const take = (i: number, { mtimeMs, ctimeMs, size, ino }: typeof GONE) =>
    looks.set([mtimeMs, ctimeMs, size, ino], i * 4);
  const until = performance.now() + AT_ONCE_MS;
  let done = 0;
  for (; done < files.length && performance.now() < until; done++) {
    take(done, statNow(files[done] ?? ''));
  }
  const rest = files.slice(done);
  await Promise.all(
    rest.map(async (file, i) => take(done + i, await stat(file).catch(() => GONE))),
  );
  return looks;
}

function statNow(file: string): Stats | typeof GONE {
  try {
    return statSync(file, { throwIfNoEntry: false }) ?? GONE;
  } catch {
    return GONE;
  }
}
