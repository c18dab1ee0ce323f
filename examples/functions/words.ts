/** What runs on the nodes for 15-word-statistics.ts. */

/** How often each word occurs. */
export type Counts = Map<string, number>;

/** The words of a stretch of text, in lower case. */
export function countWords(text: string): Counts {
  const counts: Counts = new Map();
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/** Both together: the smaller is added to the larger. */
export function mergeCounts(one: Counts, other: Counts): Counts {
  const [small, large] = one.size < other.size ? [one, other] : [other, one];
  for (const [word, count] of small) large.set(word, (large.get(word) ?? 0) + count);
  return large;
}
