/** What a shell takes for the name of a variable. */

/** Whether text can stand in `export NAME=value` as a name, and as nothing else. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}
