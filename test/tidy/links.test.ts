import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, read, root } from './repository.ts';

const fence = /^(```|~~~)[\s\S]*?^\1/gm;

/** As GitHub makes anchors of headings. */
function anchors(markdown: string): string[] {
  const headings = markdown.replace(fence, '').matchAll(/^#+\s+(.+?)\s*$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

function targets(markdown: string): string[] {
  const prose = markdown.replace(fence, '').replace(/`[^`\n]*`/g, '');
  const inline = prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g);
  const references = prose.matchAll(/^\[[^\]]+\]:\s*<?(\S+?)>?(\s|$)/gm);
  return [...inline, ...references]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target));
}

function resolves(from: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const to = path === '' ? from : normalize(join(dirname(from), decodeURIComponent(path)));
  if (!existsSync(join(root, to))) return false;
  return anchor === undefined || !to.endsWith('.md') || anchors(read(to)).includes(anchor);
}

describe('every relative link leads somewhere', () => {
  it.each(files(/\.md$/))('%s', (path) => {
    expect(targets(read(path)).filter((target) => !resolves(path, target))).toEqual([]);
  });
});

it('the table of examples has all of them', () => {
  const named = targets(read('examples/README.md')).map((target) => `examples/${target}`);
  expect(named).toEqual(expect.arrayContaining(files(/^examples\/\d\d-.*\.ts$/)));
});
