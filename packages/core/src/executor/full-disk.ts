/**
 * Whether a unit that failed may have found no room. It writes its output itself, so only the kernel
 * and it know of a write that failed, and many a program tells nobody.
 */
import { statfsSync } from 'node:fs';

/** Says which of those paths are on a disk that is full now; undefined when none is. */
export function describeFullDisk(paths: Iterable<string>): string | undefined {
  const full = [...new Set(paths)].filter(isFull);
  if (full.length === 0) return undefined;
  return `there is no room left for ${full.join(' and ')}: what it wrote there may be missing`;
}

function isFull(path: string): boolean {
  try {
    return statfsSync(path).bavail === 0;
  } catch {
    // It is not there.
    return false;
  }
}
