/** Which attempt of each unit an agent has been given last. */

const PAGE_BITS = 12;
const PAGE_SIZE = 1 << PAGE_BITS;

/**
 * A number for each unit of a service, 0 for those never heard of. It is kept for as long as the
 * agent lives, so it takes two bytes a unit and only for the regions of indexes that were seen.
 */
export class AttemptTable {
  readonly #pages: (Uint16Array | undefined)[] = [];

  of(unit: number): number {
    return this.#pages[unit >>> PAGE_BITS]?.[unit & (PAGE_SIZE - 1)] ?? 0;
  }

  set(unit: number, attempt: number): void {
    const page = unit >>> PAGE_BITS;
    this.#pages[page] ??= new Uint16Array(PAGE_SIZE);
    this.#pages[page][unit & (PAGE_SIZE - 1)] = attempt;
  }
}
