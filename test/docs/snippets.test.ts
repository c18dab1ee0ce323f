/**
 * Compiles what the documents show: every ```ts block of the Markdown that users read and of the
 * packages' doc comments. A sketch that is not meant to compile is a ```text block, and one below
 * `<!-- of PATH -->` is a piece of that file, which is compiled where it is.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { files, read, root } from '../tidy/repository.ts';

interface Snippet {
  readonly source: string;
  /** Of its first line, counted from 1. */
  readonly line: number;
  readonly code: string;
  /** The file that it is a piece of. */
  readonly of?: string;
}

const documents = files(
  /^(README\.md|docs\/.*\.md|packages\/[^/]+\/README\.md|examples\/README\.md)$/,
);
const sources = files(/^packages\/[^/]+\/src\/.*\.ts$/);

/** The blocks of a text whose lines begin with the mark of a comment or with nothing. */
function snippetsOf(source: string, text: string, prefix: string): Snippet[] {
  const fence = new RegExp(`^${prefix}\`\`\`ts\\n([\\s\\S]*?)^${prefix}\`\`\`$`, 'gm');
  return [...text.matchAll(fence)].map(({ index, 1: body = '' }) => {
    const before = text.slice(0, index);
    const [, of] = /<!-- of (\S+) -->\s*$/.exec(before) ?? [];
    const line = before.split('\n').length + 1;
    const code = body.replace(new RegExp(`^${prefix}`, 'gm'), '');
    return { source, line, code, ...(of !== undefined && { of }) };
  });
}

const all: Snippet[] = [
  ...documents.flatMap((path) => snippetsOf(path, read(path), ' *')),
  ...sources.flatMap((path) => snippetsOf(path, read(path), ' *\\* ?')),
];
const snippets = all.filter(({ of }) => of === undefined);
const pieces = all.filter(({ of }) => of !== undefined);

/** The lines of a text, however deep they stand. */
const flat = (text: string) => text.replace(/^ +/gm, '').trim();

/** Where a snippet pretends to be, so that it resolves the packages as a user's file does. */
function fileOf(index: number): string {
  return join(root, 'test', 'docs', `snippet-${index}.ts`);
}

function compilerOptions(): ts.CompilerOptions {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
  const parsed = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.json'), {}, host);
  if (parsed === undefined) throw new Error('tsconfig.json cannot be read');
  return parsed.options;
}

/** `README.md:12: what the compiler says`. */
function problems(): string[] {
  const texts = new Map(
    snippets.map(({ code }, index) => [fileOf(index), `${code}\nexport {};\n`]),
  );
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const text = texts.get(path);
    return text === undefined
      ? getSourceFile(path, languageVersion, ...rest)
      : ts.createSourceFile(path, text, languageVersion);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return snippets.flatMap(({ source, line }, index) => {
    const file = program.getSourceFile(fileOf(index));
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map(({ file: at, start = 0, messageText }) => {
      const within = at === undefined ? 0 : at.getLineAndCharacterOfPosition(start).line;
      return `${source}:${line + within}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

describe('the snippets of the documents', () => {
  it('are found', () => {
    expect(existsSync(join(root, 'README.md'))).toBe(true);
    expect(snippets.filter(({ source }) => source === 'README.md')).not.toEqual([]);
  });

  it('compile', () => {
    expect(problems()).toEqual([]);
  });

  it('that are pieces of files are there word by word', () => {
    expect(pieces).not.toEqual([]);
    const strange = pieces.filter(({ of = '', code }) => !flat(read(of)).includes(flat(code)));
    expect(strange.map(({ source, line, of }) => `${source}:${line} is not in ${of}`)).toEqual([]);
  });
});
