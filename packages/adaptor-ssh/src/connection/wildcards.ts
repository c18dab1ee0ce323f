/** Patterns of host and user names, as ssh's files have them: `*`, `?`, and `!` for what is not meant. PURE. */

/** Whether a name matches a pattern of `*` and `?`. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(name);
}

/** Whether a name matches a list of patterns: one of them, and none of those that `!` negates. */
export function matchesList(patterns: readonly string[], name: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    if (!pattern.startsWith('!')) found ||= matches(pattern, name);
    else if (matches(pattern.slice(1), name)) return false;
  }
  return found;
}
