/** Dies by SIGKILL while its workers compute, a process and a thread, which it has named before. */
import { CallWorld } from '../call-world.ts';

const world = new CallWorld({ cores: 4 });
const file = world.module(`
  export const f = (x, { log }) => { log('pid', process.pid); if (x === 'compute') for (;;); return new Promise(() => {}); };`);
const runs = (['process', 'thread'] as const).flatMap((isolation) =>
  ['compute', 'wait'].map((what) => {
    const key = world.run(file, { isolation });
    world.calls.watch(key, 'stdout', true);
    world.send(key, [what]);
    return key;
  }),
);
const said = (): string[] => runs.map((key) => world.output(key, 'stdout'));
await world.when(() => said().every((text) => text.endsWith('\n')));
const pids = said().map((text) => text.trim().split(' ')[1]);
process.stdout.write(JSON.stringify([world.root, ...new Set(pids)]));
process.kill(process.pid, 'SIGKILL');
