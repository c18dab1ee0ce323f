/**
 * The stacks of errors as authors know their code: with the files and lines that they wrote, by the
 * source map beside the bundle, and without the frames of ours and of Node's that lead to them.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

/** `    at name (file:///a.mjs:1:2)`, or the same without a name. */
const FRAME = /^( +at (?:async )?(?:.* \()?)((?:file:|node:|\/).*?):(\d+):(\d+)(\)?)$/;
/** The author's, in the source map of a bundle: ours are `pstar:`, and relative in the agent's own. */
const OF_AUTHOR = /^(?!pstar:)[a-z-]+:/;
/** Errors that are the causes of one another, and those that one has gathered. */
const MOST_CAUSES = 8;
const MOST_GATHERED = 3;

/** By the files of bundles; null for other files. */
const maps = new Map<string, SourceMap | null>();

/**
 * The stack of an error that user code has thrown, with those of its causes. Reads source maps when
 * there is first something to map: until then, and where there are none, nothing is spent on them.
 */
export function authorStack(error: Error): string {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  let inner: unknown[] = [error];
  while (inner.length > 0 && stacks.length < MOST_CAUSES) {
    const each = inner.shift();
    if (seen.has(each)) continue;
    seen.add(each);
    stacks.push(each instanceof Error ? stackOf(each) : inspect(each));
    if (each instanceof AggregateError) inner.push(...each.errors.slice(0, MOST_GATHERED));
    if (each instanceof Error && each.cause !== undefined) inner = [each.cause, ...inner];
  }
  return stacks.join('\nCaused by: ');
}

/** The stack of an error alone. */
export function stackOf({ stack, name, message }: Error): string {
  // Some assign other things to it.
  if (typeof stack !== 'string') return `${name}: ${message}`;
  const lines = stack.split('\n').map((line) => mapped(line));
  const ofAuthor = lines.findLastIndex((line) => line?.isAuthors);
  // What is below the author's last frame led to it.
  const until = ofAuthor < 0 ? lines.length : ofAuthor + 1;
  return lines
    .flatMap((line, i) => (line && (i < until || !line.isFrame) ? line.text : []))
    .join('\n');
}

/** A line of a stack as its author is to see it, if at all. */
function mapped(line: string) {
  const [, words, place = '', row, column, end] = FRAME.exec(line) ?? [];
  if (words === undefined) return { text: line, isFrame: false, isAuthors: false };
  if (place.startsWith('node:internal')) return undefined;
  const map = mapOf(place);
  if (!map) return { text: line, isFrame: true, isAuthors: false };
  const found = map.findEntry(Number(row) - 1, Number(column) - 1);
  if (!('originalSource' in found) || !OF_AUTHOR.test(found.originalSource)) return undefined;
  const { originalSource, originalLine, originalColumn } = found;
  const file = originalSource.startsWith('file:') ? fileURLToPath(originalSource) : originalSource;
  const text = `${words}${file}:${originalLine + 1}:${originalColumn + 1}${end}`;
  return { text, isFrame: true, isAuthors: true };
}

function mapOf(place: string): SourceMap | null {
  let map = maps.get(place);
  if (map === undefined) {
    map = readMap(place);
    maps.set(place, map);
  }
  return map;
}

function readMap(place: string): SourceMap | null {
  if (!place.endsWith('.mjs')) return null;
  try {
    const file = place.startsWith('file:') ? fileURLToPath(place) : place;
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  } catch {
    return null;
  }
}
