/** The lines of ssh_config(5) files, as ssh (OpenSSH 9.2) takes them apart. PURE. */

/** One line that says something. */
export interface ConfigLine {
  /** In lower case. */
  readonly keyword: string;
  /** What follows, unquoted, without a comment; undefined where a quote is left open. */
  readonly words: readonly string[] | undefined;
  /** What follows, as it stands there: for commands. */
  readonly rest: string;
  /** Counted from 1. */
  readonly number: number;
}

/** Reads a file's text; comments and empty lines are left out. */
export function configLines(text: string): ConfigLine[] {
  return text.split('\n').flatMap((line, index) => {
    const [, keyword, rest = ''] =
      /^[\s=]*"?([^\s="#][^\s="]*)"?[^\S\n]*=?[^\S\n]*(.*)$/s.exec(line.trimEnd()) ?? [];
    if (keyword === undefined) return [];
    return [{ keyword: keyword.toLowerCase(), words: words(rest), rest, number: index + 1 }];
  });
}

/** Words are apart by blanks, outside of quotes; a `#` at the begin of one is a comment. */
function words(text: string): string[] | undefined {
  const found: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    const next = text.charAt(i + 1);
    const escaped = char === '\\' && (/["'\\]/.test(next) || (next === ' ' && quote === ''));
    if (escaped) {
      word = (word ?? '') + next;
      i += 1;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if (char === ' ' || char === '\t') {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else if (char === '#' && word === undefined) {
      break;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== '') return undefined;
  if (word !== undefined) found.push(word);
  return found;
}
