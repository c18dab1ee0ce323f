/** The process of a library without any function of DRMAA: what is asked of it fails, but by itself. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { filter, firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type HelperEvent,
  HelperProcess,
  type HelperSpec,
} from '../../src/helper/helper-process.ts';
import { quietLog } from '../../src/helper/quiet-log.ts';

const spec: HelperSpec = {
  kind: 'drmaa1',
  library: 'libc.so.6',
  environment: {},
  threads: 2,
  callTimeoutMs: 20_000,
  log: quietLog,
};

const started: HelperProcess[] = [];
async function start(changes: Partial<HelperSpec> = {}): Promise<HelperProcess> {
  const helper = await HelperProcess.start({ ...spec, ...changes });
  started.push(helper);
  return helper;
}
afterEach(() => Promise.all(started.splice(0).map((helper) => helper.close())));

const restarted = (helper: HelperProcess, generation = 2) =>
  firstValueFrom(
    helper.events$.pipe(
      filter((event) => event.kind === 'restarted' && event.generation === generation),
    ),
  );
const kill = (helper: HelperProcess) => process.kill(helper.pid as number, 'SIGKILL');
const lacking = { code: 'OPERATION_UNSUPPORTED', call: 'drmaa_get_contact' };

describe('a helper process', () => {
  it('answers, one call beside the other', async () => {
    const helper = await start();
    const calls = [1, 2, 3].map(() => helper.call('jobPs', [['1', '2']]));
    for (const answer of await Promise.all(calls)) expect(answer).toHaveLength(2);
    await expect(helper.call('contact')).rejects.toMatchObject(lacking);
  });

  it('says what a defect of its own is', async () => {
    const helper = await start();
    await expect(helper.call('nothing')).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      problem: expect.stringContaining('no method nothing'),
    });
  });

  it('is replaced when it dies, and brought to where it was', async () => {
    const reentered: unknown[] = [];
    const helper = await start({
      reenter: async (call) => void reentered.push(await call('jobPs', [['1']])),
    });
    expect(helper.generation).toBe(1);
    kill(helper);
    await restarted(helper);
    expect(helper.generation).toBe(2);
    expect(reentered).toHaveLength(1);
    await expect(helper.call('contact')).rejects.toMatchObject(lacking);
  });

  it('asks again what changes nothing, and says of the rest that it is in doubt', async () => {
    const helper = await start();
    kill(helper);
    const [question, order] = await Promise.allSettled([
      helper.call('contact', [], { idempotent: true }),
      helper.call('contact'),
    ]);
    expect(question).toMatchObject({ reason: lacking });
    expect(order).toMatchObject({
      reason: {
        code: 'ADAPTOR_FAILED',
        problem: "the library's process ended by SIGKILL",
        inDoubt: true,
      },
    });
  });

  it('has calls wait while there is none', async () => {
    const helper = await start();
    kill(helper);
    await expect(helper.call('contact')).rejects.toMatchObject({ inDoubt: true });
    await expect(helper.call('contact')).rejects.toMatchObject(lacking);
    expect(helper.generation).toBe(2);
  });

  it('counts the time of a call from when it is asked, and not while there is none', async () => {
    let letIn = (): void => {};
    const closed = new Promise<void>((resolve) => {
      letIn = resolve;
    });
    const reenter = vi.fn(() => closed);
    const helper = await start({ callTimeoutMs: 5_000, reenter });
    kill(helper);
    await expect(helper.call('contact')).rejects.toMatchObject({ inDoubt: true });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const settled = vi.fn();
    const call = helper.call('contact');
    call.then(settled, settled);
    while (reenter.mock.calls.length === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(6_000);
    await new Promise(setImmediate);
    expect(settled).not.toHaveBeenCalled();
    letIn();
    await expect(call).rejects.toMatchObject(lacking);
  });

  it('is tried again by the next call where it could not be brought back', async () => {
    let able = false;
    const helper = await start({
      reenter: async () => {
        if (!able) throw new Error('the session is not there');
      },
    });
    kill(helper);
    await expect(helper.call('contact', [], { idempotent: true })).rejects.toThrow('not there');
    able = true;
    await expect(helper.call('contact')).rejects.toMatchObject(lacking);
  });

  it('is given up when it dies again and again', async () => {
    const helper = await start();
    const events = lastValueFrom(helper.events$.pipe(toArray()));
    for (let generation = 2; generation <= 6; generation += 1) {
      const next = restarted(helper, generation);
      kill(helper);
      await next;
    }
    const broken = firstValueFrom(helper.events$);
    kill(helper);
    expect((await broken).kind).toBe('broken');
    await expect(helper.call('contact')).rejects.toMatchObject({
      code: 'ADAPTOR_FAILED',
      problem: "the library's process died 6 times in 60 s, and is given up",
    });
    await helper.close();
    const kinds = (await events).map((event: HelperEvent) => event.kind);
    expect(kinds).toEqual([...Array(5).fill('restarted'), 'broken']);
  });

  it('is closed once, and nothing can be asked afterwards', async () => {
    const helper = await start();
    const pid = helper.pid as number;
    const underWay = helper.call('jobPs', [['1']]);
    underWay.catch(() => {});
    await Promise.all([helper.close(), helper.close()]);
    await expect(underWay).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await expect(helper.call('contact')).rejects.toMatchObject({ code: 'WRONG_STATE' });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('gives up a call by its signal, before and while it is asked', async () => {
    const helper = await start();
    const aborted = { code: 'ABORTED', problem: 'contact was given up' };
    const signal = AbortSignal.abort();
    await expect(helper.call('contact', [], { signal })).rejects.toMatchObject(aborted);
    const controller = new AbortController();
    const call = helper.call('contact', [], { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject(aborted);
  });

  it('has an environment of its own, with what libraries need', async () => {
    const helper = await start({ environment: { SGE_ROOT: '/cell' } });
    const variables = readFileSync(`/proc/${helper.pid}/environ`, 'utf8').split('\0');
    expect(variables).toContain('SGE_ROOT=/cell');
    expect(variables).toContain('UV_THREADPOOL_SIZE=2');
    expect(variables).toContain('GLIBC_TUNABLES=glibc.rtld.optional_static_tls=8192');
    expect(variables.filter((each) => each.startsWith('NODE_OPTIONS='))).toEqual([]);
  });
});

it('ends with the program that has started it', async () => {
  const program = fork(new URL('starts-helper.ts', import.meta.url), {
    execArgv: ['--conditions=@pstar/source', '--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [pid] = await once(program, 'message');
  expect(alive(pid as number)).toBe(true);
  program.kill('SIGKILL');
  await once(program, 'exit');
  await expect.poll(() => alive(pid as number)).toBe(false);
});

/** A process that has ended counts as well where nobody has taken note of it yet. */
function alive(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
