/** Names by which native jobs are found again. PURE. */

/** Beyond this Slurm's lists are of no use. */
const NAME_MAX = 48;

/**
 * Slurm's name for a launch: what the description calls it, and the launch's own name, which makes it
 * unique.
 *
 * `sacct -c` (seen with 22.05) reads its log word by word, and loses the state of a job with a space
 * in its name; commas separate names for squeue.
 */
export function jobName(launchName: string, shown?: string): string {
  const fit = (text: string) => text.replace(/[^\w.:+-]/g, '_');
  if (shown === undefined || shown === launchName) return fit(launchName);
  return `${fit(shown).slice(0, NAME_MAX)}.${fit(launchName)}`;
}
