/** Puts words before the code of a module, so that errors in it still have the places that they had. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

const HASHBANG = /^#!.*\n/;
/** The last one counts, and what does not fit in front of the end is none. */
const MAP_COMMENT = /\n\/\/# sourceMappingURL=(\S+)\s*$/;

interface SourceMapText {
  readonly sources?: readonly (string | null)[];
  readonly sourceRoot?: string;
  readonly mappings?: string;
}

/**
 * On the line of its first words, so that lines keep their numbers. Where there is a source map, on a line
 * of their own, which the map is told of: code that was compiled may be a single line.
 */
export async function prefixed(source: string, words: string, path: string): Promise<string> {
  const [hashbang = ''] = HASHBANG.exec(source) ?? [];
  const code = source.slice(hashbang.length);
  const [comment = '', url] = MAP_COMMENT.exec(code) ?? [];
  const map = url && (await readMap(new URL(url, pathToFileURL(path))));
  if (!map) return `${hashbang}${words}${code}`;
  const lines = code.slice(0, code.length - comment.length);
  return `${hashbang}${words}\n${lines}\n//# sourceMappingURL=data:application/json;base64,${map}\n`;
}

/** Of code that is a line further down now; undefined where there is none that can be read. */
async function readMap(url: URL): Promise<string | undefined> {
  try {
    const text =
      url.protocol === 'data:' ? await (await fetch(url)).text() : await readFile(url, 'utf8');
    const map = JSON.parse(text) as SourceMapText;
    const { mappings, sources, sourceRoot } = map;
    if (mappings === undefined || sources === undefined) return undefined;
    const base =
      url.protocol === 'data:' ? undefined : new URL(sourceRoot ? `${sourceRoot}/` : '', url);
    return Buffer.from(
      JSON.stringify({
        ...map,
        mappings: `;${mappings}`,
        ...(base && {
          sourceRoot: '',
          sources: sources.map((each) => each && new URL(each, base).href),
        }),
      }),
    ).toString('base64');
  } catch {
    return undefined;
  }
}
