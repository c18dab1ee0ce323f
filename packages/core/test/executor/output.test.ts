import { appendFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LAUNCHERS, World } from './harness.ts';

describe.each(LAUNCHERS)('output over %s', (launcher) => {
  it('keeps the end of the standard error of a unit that fails', async () => {
    await using world = new World(launcher);
    expect(await world.outcomeOf('echo fine >&2')).not.toHaveProperty('stderrTail');
    const short = await world.outcomeOf('echo no luck >&2; exit 1');
    expect(short.stderrTail).toBe('no luck\n');
    const long = await world.outcomeOf('seq 100000 >&2; exit 1');
    expect(long.stderrTail).toHaveLength(4096);
    expect(long.stderrTail).toMatch(/\n99999\n100000\n$/);
    const named = await world.outcomeOf('echo in a file >&2; exit 1', { error: 'err' });
    expect(named.stderrTail).toBe('in a file\n');
    // Nothing of an earlier unit is taken for this one's.
    expect(await world.outcomeOf('exit 1')).not.toHaveProperty('stderrTail');
  });

  it('brings a stream live to whoever watches from the start', async () => {
    await using world = new World(launcher);
    const key = world.run('echo one; echo oops >&2; read line; echo two', { input: 'fifo' });
    world.executor.terminate(key);
    await world.ended(key);
    const live = world.run('echo one; while [ ! -e go ]; do sleep 0.01; done; echo two', {
      workingDirectory: '.',
    });
    world.executor.watch(live, 'stdout', true);
    await world.outputHolds(live, 'stdout', 'one');
    appendFileSync(join(world.root, 'go'), '');
    await world.outputEnded(live, 'stdout');
    expect(world.output(live, 'stdout')).toBe('one\ntwo\n');
    await world.ended(live);
    const kinds = world.reported.filter((r) => r.key === live).map(({ kind }) => kind);
    expect(kinds.slice(-2)).toEqual(['output-end', 'ended']);
    expect(world.output(live, 'stderr')).toBe('');
  });

  it('gives a watch that begins in the middle everything, and stops when told to', async () => {
    await using world = new World(launcher);
    const script = 'echo one; while [ ! -e $0 ]; do sleep 0.01; done; echo two';
    const wait = (file: string): number =>
      world.run('', { arguments: ['-c', script, file], workingDirectory: '.' });
    const [late, stopped] = [wait('a'), wait('b')];
    world.executor.watch(stopped, 'stdout', true);
    await world.outputHolds(stopped, 'stdout', 'one');
    world.executor.watch(late, 'stdout', true);
    world.executor.watch(stopped, 'stdout', false);
    await world.outputHolds(late, 'stdout', 'one');
    appendFileSync(join(world.root, 'a'), '');
    appendFileSync(join(world.root, 'b'), '');
    await Promise.all([world.ended(late), world.ended(stopped)]);
    expect(world.output(late, 'stdout')).toBe('one\ntwo\n');
    expect(world.output(stopped, 'stdout')).toBe('one\n');
  });

  it('gives a watch that comes after the end everything', async () => {
    await using world = new World(launcher);
    const key = world.run('seq 1000; echo oops >&2');
    const named = world.run('seq 1000', { output: 'out', cleanup: false });
    await Promise.all([key, named].map((each) => world.ended(each)));
    for (const each of [key, named]) world.executor.watch(each, 'stdout', true);
    world.executor.watch(key, 'stderr', true);
    world.executor.watch(named, 'stderr', true);
    await Promise.all([key, named].map((each) => world.outputEnded(each, 'stdout')));
    await world.outputEnded(named, 'stderr');
    await world.outputEnded(key, 'stderr');
    const all = Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join('');
    expect(world.output(key, 'stdout')).toBe(all);
    expect(world.output(key, 'stderr')).toBe('oops\n');
    expect(world.output(named, 'stdout')).toBe(all);
    expect(world.output(named, 'stderr')).toBe('');
  });

  it('says which streams a unit has written to, and of what is gone that it is not kept', async () => {
    await using world = new World(launcher);
    const silent = world.run('true');
    const both = world.run('echo; echo >&2');
    const named = world.run('true', { workingDirectory: '.', output: 'out' });
    const wrote = async (key: number) => (await world.ended(key)).wrote;
    expect(await wrote(silent)).toBeUndefined();
    expect(await wrote(both)).toEqual(['stdout', 'stderr']);
    expect(await wrote(named)).toEqual(['stdout']);
    rmSync(join(world.root, 'out'));
    for (const key of [named, 1_000_000]) {
      world.executor.watch(key, 'stdout', true);
      await world.outputNotKept(key, 'stdout');
    }
  });

  it('follows a file that the unit names', async () => {
    await using world = new World(launcher);
    const script = 'echo one; while [ ! -e go ]; do sleep 0.01; done; seq 900000';
    const key = world.run(script, { workingDirectory: '.', output: 'out' });
    world.executor.watch(key, 'stdout', true);
    await world.outputHolds(key, 'stdout', 'one');
    appendFileSync(join(world.root, 'go'), '');
    await world.outputEnded(key, 'stdout');
    const { size } = statSync(join(world.root, 'out'));
    expect(size).toBeGreaterThan(5_000_000);
    expect(world.output(key, 'stdout')).toHaveLength(size);
    expect(world.output(key, 'stdout')).toMatch(/900000\n$/);
  });

  it('does not let a talkative unit fill the disk, and says what is missing', async () => {
    await using world = new World(launcher);
    const script = 'i=0; while [ ! -e stop ]; do seq 20000; done; echo the end';
    const key = world.run(script, { workingDirectory: '.' });
    await world.started(key);
    const name = readdirSync(world.root).find((each) => each.startsWith('lanes-'));
    const lanes = join(world.root, name ?? '');
    const written = (): number => {
      const file = readdirSync(lanes).find((each) => each.endsWith('.out'));
      return statSync(join(lanes, file ?? '')).blocks * 512;
    };
    let most = 0;
    let cuts = 0;
    for (let last = 0; cuts < 3; await new Promise((done) => setTimeout(done, 2))) {
      const now = written();
      if (now < last && last > 1_000_000) cuts += 1;
      most = Math.max(most, now);
      last = now;
    }
    appendFileSync(join(world.root, 'stop'), '');
    await world.ended(key);
    world.executor.watch(key, 'stdout', true);
    await world.outputEnded(key, 'stdout');
    const kept = world.output(key, 'stdout');
    expect(kept.length).toBeLessThan(1_100_000);
    expect(kept).toMatch(/^\n\[pstar: \d+ bytes of output were not kept\]\n/);
    expect(kept).toMatch(/20000\nthe end\n$/);
    expect(most).toBeGreaterThan(1_000_000);
  });

  it('loses nothing of a watched talkative unit', async () => {
    await using world = new World(launcher);
    const key = world.run('for i in 1 2 3 4 5 6; do seq 100000 200000; sleep 0.15; done');
    world.executor.watch(key, 'stdout', true);
    await world.outputEnded(key, 'stdout');
    if (launcher === 'posix_spawn') {
      expect(world.output(key, 'stdout')).toHaveLength(6 * 7 * 100_001);
      expect(world.output(key, 'stdout')).not.toContain('pstar');
    } else expect(world.output(key, 'stdout')).toMatch(/199999\n200000\n$/);
  });
});

describe.each(LAUNCHERS)('progress over %s', (launcher) => {
  it('arrives while the unit runs, and all of it before the end', async () => {
    await using world = new World(launcher);
    const script = `echo '0.25 reading block 12' >> $PSTAR_PROGRESS
      while [ ! -e go ]; do sleep 0.01; done
      echo '75%' >> $PSTAR_PROGRESS; printf 'nearly there' >> $PSTAR_PROGRESS`;
    const key = world.run(script, { workingDirectory: '.' });
    await world.when(() => world.progress(key).length > 0 || undefined);
    expect(world.progress(key)).toEqual([[0.25, 'reading block 12']]);
    appendFileSync(join(world.root, 'go'), '');
    await world.ended(key);
    expect(world.progress(key).slice(1)).toEqual([
      [0.75, ''],
      [undefined, 'nearly there'],
    ]);
    expect(world.reported.at(-1)?.kind).toBe('ended');
  });

  it('of a short unit is not lost, and not taken for the next one’s', async () => {
    await using world = new World(launcher);
    const first = world.run('echo 0.5 >> $PSTAR_PROGRESS');
    await world.ended(first);
    const second = world.run('rm $PSTAR_PROGRESS');
    await world.ended(second);
    const third = world.run('echo 0.7 >> $PSTAR_PROGRESS');
    await world.ended(third);
    expect([first, second, third].map((key) => world.progress(key))).toEqual([
      [[0.5, '']],
      [],
      [[0.7, '']],
    ]);
  });
});
