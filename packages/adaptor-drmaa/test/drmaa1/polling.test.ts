import { expect, it } from 'vitest';
import { poll } from '../../src/drmaa1/polling.ts';

it('asks until there is an answer', async () => {
  let asked = 0;
  const answer = await poll('wait', async () => (++asked === 3 ? 'there' : undefined), {});
  expect([answer, asked]).toEqual(['there', 3]);
});

it('asks once where there is no time, and says that there is no answer', async () => {
  let asked = 0;
  const ask = async () => void ++asked;
  expect(await poll('wait', ask as () => Promise<undefined>, { timeout: 0 })).toBeUndefined();
  expect(asked).toBe(1);
});

it('is given up by the signal', async () => {
  const controller = new AbortController();
  const waiting = poll('wait', async () => undefined, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED', problem: 'wait was given up' });
});

it('fails as the question does', async () => {
  const ask = () => Promise.reject(new Error('no'));
  await expect(poll('wait', ask, {})).rejects.toThrow('no');
});

it('does not wait for no number of seconds', async () => {
  const waiting = poll('wait', async () => undefined, { timeout: Number.NaN });
  await expect(waiting).rejects.toMatchObject({
    code: 'DESCRIPTION_INVALID',
    subject: 'timeout',
  });
});
