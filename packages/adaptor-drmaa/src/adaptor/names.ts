/** Names by which native jobs are found again. PURE. */

/** Lists of more than that are of no use. */
const NAME_MAX = 48;

/**
 * The name of a native job: what the description calls it, and the launch's own name, which makes it
 * unique. Grid Engine takes none that begins with a digit, and reads `*`, `@` and others as patterns.
 */
export function jobName(launchName: string, shown?: string): string {
  const fit = (text: string) => text.replace(/[^\w.+-]/g, '_');
  const name =
    shown === undefined || shown === launchName
      ? fit(launchName)
      : `${fit(shown).slice(0, NAME_MAX)}.${fit(launchName)}`;
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`;
}
