/**
 * Every piece that is made for a message is freed once, whichever of its calls fails. The library is one
 * that keeps books: what it was given belongs to it or stays ours, as the standard says.
 */
import koffi from 'koffi';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Filler } from '../../src/drmaa2/filling.ts';
import type { Drmaa2Library } from '../../src/drmaa2/library.ts';
import type { Pointer } from '../../src/drmaa2/memory.ts';
import { structuresOf } from '../../src/drmaa2/structs.ts';
import type { Drmaa2Layout } from '../../src/drmaa2/structures.ts';

/** What is there, by its address; and how often something was freed that was not. */
const books = vi.hoisted(() => ({ alive: new Set<bigint>(), twice: 0 }));

function end(pointer: Pointer): void {
  if (!books.alive.delete(pointer)) books.twice += 1;
}

vi.mock('../../src/drmaa2/memory.ts', async (load) => {
  const real = await load<typeof import('../../src/drmaa2/memory.ts')>();
  const booked = (pointer: Pointer) => {
    books.alive.add(pointer);
    return pointer;
  };
  // Nothing is really freed, so that no address comes twice.
  class Loans {
    readonly #lent: Pointer[] = [];
    string(text: string): Pointer {
      const pointer = booked(real.copyString(text));
      this.#lent.push(pointer);
      return pointer;
    }
    free(): void {
      for (const pointer of this.#lent) end(pointer);
    }
  }
  return {
    Loans,
    copyString: (text: string) => booked(real.copyString(text)),
    zeros: (size: number) => booked(real.zeros(size)),
  };
});

const { zeros } = await import('../../src/drmaa2/memory.ts');

interface List {
  readonly entries: Pointer[];
  readonly free: string | undefined;
}

/** Does what a library does with memory, and fails at the call of a number. */
class BookKeeper {
  readonly layout: Drmaa2Layout;
  readonly structures;
  calls = 0;
  readonly #failing: number;
  readonly #lists = new Map<Pointer, List>();
  readonly #callbacks = ['string_free', 'slotinfo_free'];

  constructor(layout: Drmaa2Layout, failing: number) {
    this.layout = layout;
    this.structures = structuresOf(layout);
    this.#failing = failing;
  }

  #call(): void {
    this.calls += 1;
    if (this.calls === this.#failing) throw new Error('told to fail');
  }

  address(symbol: string): Pointer | undefined {
    const index = this.#callbacks.indexOf(symbol.replace('drmaa2_', ''));
    return index < 0 ? undefined : BigInt(index + 1);
  }

  async object(name: string, _type?: number, callback?: Pointer | null): Promise<Pointer> {
    this.#call();
    const pointer = zeros(256);
    const free = callback ? this.#callbacks[Number(callback) - 1] : undefined;
    if (name === 'list_create') this.#lists.set(pointer, { entries: [], free });
    return pointer;
  }

  async check(name: string, list: Pointer, entry: Pointer): Promise<void> {
    this.#call();
    if (name !== 'list_add') return;
    const entries = this.#lists.get(list)?.entries;
    if (this.layout === 'pbs') entries?.unshift(entry);
    else entries?.push(entry);
  }

  async raw(_name: string, list: Pointer, position: number): Promise<Pointer | undefined> {
    return this.#lists.get(list)?.entries[position];
  }

  async free(name: string, pointer: Pointer): Promise<void> {
    end(pointer);
    const list = this.#lists.get(pointer);
    for (const entry of list?.free ? list.entries : []) await this.free(list?.free ?? '', entry);
    const structure = Object.values(this.structures).find((each) => name === `${each.name}_free`);
    for (const { type, offset, kind } of structure?.members ?? []) {
      const part = type === 'void *' ? (koffi.decode(pointer, offset, type) as Pointer) : null;
      if (part !== null && kind !== 'extension') await this.free('part', part);
    }
  }

  /** The texts of a list, in its order. */
  texts(list: Pointer): string[] {
    return (this.#lists.get(list)?.entries ?? []).map((entry) => koffi.decode.string(entry));
  }
}

const template = {
  remoteCommand: '/bin/true',
  args: ['first', 'second', 'third'],
  jobEnvironment: { A: '1', B: '2' },
  resourceLimits: { CPU_TIME: 5 },
  priority: 3,
  implementationSpecific: { own: 'value' },
};
const slots = [{ machineName: 'a', slots: 2 }, { machineName: 'b' }];
const filter = { jobId: '1', allocatedMachines: slots };

type Work = (filler: Filler) => Promise<unknown>;
const works: readonly (readonly [string, Work])[] = [
  ['a template', (filler) => filler.with('jtemplate', template, async () => {})],
  ['a filter', (filler) => filler.withFilter(filter, async () => {})],
  ['a list of ours', (filler) => filler.withList('string', ['a', 'b'], async () => {})],
  [
    'a template whose use fails',
    (filler) => filler.with('jtemplate', template, () => Promise.reject(new Error('told to fail'))),
  ],
];

describe.each(['ogf', 'pbs'] as const)('memory for a library of layout %s', (layout) => {
  beforeEach(() => {
    books.alive.clear();
    books.twice = 0;
  });

  it.each(works)('of %s is free again, whichever call fails', async (_, work) => {
    let failing = 0;
    let done = false;
    while (!done) {
      failing += 1;
      const library = new BookKeeper(layout, failing);
      await work(new Filler(library as unknown as Drmaa2Library)).catch((error: Error) => {
        expect(error.message).toBe('told to fail');
      });
      expect(books).toEqual({ alive: new Set(), twice: 0 });
      done = library.calls < failing;
    }
    expect(failing).toBeGreaterThan(3);
  });

  it('holds lists in their order', async () => {
    const library = new BookKeeper(layout, 0);
    const filler = new Filler(library as unknown as Drmaa2Library);
    await filler.with('jtemplate', template, async (pointer) => {
      const { offset } = library.structures.jtemplate.members[1] ?? { offset: 0 };
      expect(library.texts(koffi.decode(pointer, offset, 'void *'))).toEqual(template.args);
    });
  });
});
