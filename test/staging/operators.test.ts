/** Every way in which a unit may say that a file travels, and what is there afterwards. */
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRunningWorld } from '../integration/fixture.ts';
import { homeDirectory, openStagingWorld } from './fixture.ts';

const text = (path: string): Promise<string> => readFile(path, 'utf8');
const script = (line: string) => ({ executable: '/bin/sh', arguments: ['-c', line] });

describe('a unit on a node that shares no files', () => {
  it('gets its input and leaves output and error where it says', async () => {
    const { home, work } = await openStagingWorld();
    await writeFile(join(home, 'in'), 'hello\n');
    const unit = await work.submit({
      ...script('cat; echo bad >&2'),
      input: join(home, 'in'),
      output: join(home, 'out'),
      error: join(home, 'err'),
    });
    await unit.finished();
    expect(await text(join(home, 'out'))).toBe('hello\n');
    expect(await text(join(home, 'err'))).toBe('bad\n');
    expect((await stat(join(home, 'out'))).ino).toBeGreaterThan(0);
  });

  it('has output and error in one file where it says so', async () => {
    const { home, work } = await openStagingWorld();
    const both = join(home, 'both');
    const unit = await work.submit({
      ...script('echo one; echo two >&2; echo three'),
      output: both,
      error: both,
    });
    await unit.finished();
    expect(await text(both)).toBe('one\ntwo\nthree\n');
  });

  it('leaves output and error in directories that are made for them', async () => {
    const { home, work } = await openStagingWorld();
    const [output, error] = [join(home, 'run', '1', 'out'), join(home, 'errors', '1')];
    const unit = await work.submit({ ...script('echo good; echo bad >&2'), output, error });
    await unit.finished();
    expect(await text(output)).toBe('good\n');
    expect(await text(error)).toBe('bad\n');
  });

  it('reads and writes devices of its own node', async () => {
    const { work } = await openStagingWorld();
    const file = join('/dev/shm', `pstar-test-${process.pid}`);
    await writeFile(file, 'there');
    onTestFinished(() => rm(file));
    const { ino } = await stat(file);
    const unit = await work.submit({
      ...script('cat; echo written in place'),
      input: '/dev/null',
      output: file,
    });
    await unit.finished();
    expect(await text(file)).toBe('written in place\n');
    // What travels is renamed when it is home.
    expect((await stat(file)).ino).toBe(ino);
  });
});

describe.each(['shared', 'apart'])('fileTransfer, files %s', (kind) => {
  const open = async () => {
    if (kind === 'apart') return openStagingWorld();
    return { ...(await openRunningWorld()), home: await homeDirectory() };
  };

  it('brings, appends, fetches and adds to what is there', async () => {
    const { home, work } = await open();
    await writeFile(join(home, 'a'), 'A\n');
    await writeFile(join(home, 'b'), 'B\n');
    await writeFile(join(home, 'log'), 'before\n');
    const unit = await work.submit({
      ...script('cat both > result; echo done > log'),
      fileTransfer: [
        `${home}/a > both`,
        `${home}/b >> both`,
        `${home}/result < result`,
        { source: 'log', target: `${home}/log`, direction: 'out', append: true },
      ],
    });
    await unit.finished();
    expect(await text(join(home, 'result'))).toBe('A\nB\n');
    expect(await text(join(home, 'log'))).toBe('before\ndone\n');
  });

  it('carries directories whole, with modes and links, both ways', async () => {
    const { home, work } = await open();
    const tree = join(home, 'tree');
    await mkdir(join(tree, 'sub', 'deeper'), { recursive: true });
    await writeFile(join(tree, 'run.sh'), 'echo ran\n', { mode: 0o755 });
    await writeFile(join(tree, 'sub', 'deeper', 'file'), 'x'.repeat(300_000));
    await writeFile(join(tree, 'sub', 'empty'), '');
    await symlink('sub/empty', join(tree, 'link'));
    await symlink('/nowhere', join(tree, 'dangling'));
    await chmod(join(tree, 'sub', 'deeper'), 0o555);
    const unit = await work.submit({
      ...script('./there/run.sh > there/said && cp -a there copied'),
      fileTransfer: [`${tree} > there`, `${home}/back < copied`],
    });
    await unit.finished();
    const back = join(home, 'back');
    expect(await text(join(back, 'said'))).toBe('ran\n');
    expect((await text(join(back, 'sub', 'deeper', 'file'))).length).toBe(300_000);
    expect((await stat(join(back, 'run.sh'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(back, 'sub', 'deeper'))).mode & 0o777).toBe(0o555);
    expect(await readlink(join(back, 'link'))).toBe('sub/empty');
    expect(await readlink(join(back, 'dangling'))).toBe('/nowhere');
  });

  it('makes the directories that its targets are in, here as there', async () => {
    const { home, work } = await open();
    const unit = await work.submit({
      ...script('mkdir made; touch made/file; echo x | tee one'),
      fileTransfer: [
        `${home}/not/yet/one < one`,
        `${home}/nor/this/ < one`,
        `${home}/logs/today/all << one`,
        `${home}/trees/of/made < made`,
        { source: 'never', target: `${home}/never/never`, direction: 'out', optional: true },
      ],
    });
    await unit.finished();
    for (const file of ['not/yet/one', 'nor/this/one', 'logs/today/all']) {
      expect(await text(join(home, file))).toBe('x\n');
    }
    expect(await text(join(home, 'trees/of/made/file'))).toBe('');
    expect((await stat(join(home, 'not'))).mode & 0o777).toBe(0o777 & ~process.umask());
    expect((await readdir(home)).sort()).toEqual(['logs', 'nor', 'not', 'trees']);
  });

  it('puts a file into a directory under its own name', async () => {
    const { home, work } = await open();
    await writeFile(join(home, 'data'), 'D');
    await mkdir(join(home, 'results'));
    const unit = await work.submit({
      ...script('cp inputs/data outcome'),
      fileTransfer: [`${home}/data > inputs/`, `${home}/results < outcome`],
    });
    await unit.finished();
    expect(await text(join(home, 'results', 'outcome'))).toBe('D');
  });

  it('minds optional ones as little as they say', async () => {
    const { home, work } = await open();
    const unit = await work.submit({
      ...script('test ! -e maybe'),
      fileTransfer: [
        { source: `${home}/missing`, target: 'maybe', optional: true },
        { source: 'neither', target: `${home}/neither`, direction: 'out', optional: true },
      ],
    });
    await unit.finished();
    expect(unit.state).toBe('Done');
  });
});
