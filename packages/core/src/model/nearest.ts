/** Finds the name that somebody probably meant. */

/**
 * The known name nearest to the word by Damerau and Levenshtein, or undefined when none is near.
 *
 * Case, hyphens and underscores do not count, and a name that begins or ends with the word is near.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = folded(word);
  let best: string | undefined;
  let bestDistance = Math.floor(wanted.length / 3) + 1;
  for (const name of known) {
    const distance = distanceTo(wanted, folded(name));
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

function distanceTo(word: string, name: string): number {
  if (word.length >= 4 && (name.startsWith(word) || name.endsWith(word))) return 1;
  return editDistance(word, name);
}

/** How many letters must be added, removed, replaced or swapped with a neighbour. */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (older[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [older, previous] = [previous, row];
  }
  return previous[b.length] ?? 0;
}
