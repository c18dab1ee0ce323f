/** What is to happen when, in simulated time: a heap, so that it costs little however much is due. */

interface Entry {
  readonly at: number;
  /** What was entered first goes first among those of one time. */
  readonly order: number;
  readonly call: () => void;
}

export class Agenda {
  now = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  after(ms: number, call: () => void): void {
    const entry = { at: this.now + ms, order: this.#order++, call };
    const heap = this.#heap;
    let at = heap.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const above = heap[(at - 1) >> 1] as Entry;
      if (isBefore(above, entry)) break;
      heap[at] = above;
    }
    heap[at] = entry;
  }

  /** Takes the next entry off; undefined when there is none. */
  next(): Entry | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Entry)) child++;
      if (isBefore(last, heap[child] as Entry)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
