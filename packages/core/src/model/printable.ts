/** Text of others, as it may be shown to people: programs over there must not steer the terminal here. */

/** The same, but control characters other than tabs and ends of lines are written out, as `\x1b`. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) =>
    character === '\n' || character === '\t' ? character : writtenOut(character),
  );
}

function writtenOut(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
