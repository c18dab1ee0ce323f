import { afterEach, describe, expect, it } from 'vitest';
import { holdSession, isOurs, listDrmaaSessions, sessionName } from '../../src/adaptor/sessions.ts';

/** A library that has names, and no native jobs. */
function library(names: string[] = []) {
  const said: string[] = [];
  const opened = (name: string) => ({ name, close: async () => void said.push(`close ${name}`) });
  const owner = {
    getJobSessionNames: async () => names,
    createJobSession: async (name: string) => {
      said.push(`create ${name}`);
      names.push(name);
      return opened(name);
    },
    openJobSession: async (name: string) => {
      said.push(`open ${name}`);
      return opened(name);
    },
    destroyJobSession: async (name: string) => void said.push(`destroy ${name}`),
  };
  return { said, owner: owner as unknown as Parameters<typeof holdSession>[0] };
}

const NAME = sessionName('/home/somebody/.pstar/x');
afterEach(() => expect(isOurs(NAME)).toBe(true));

describe('sessions', () => {
  it('are the same for later processes, and of no other', () => {
    expect(sessionName('/home/somebody/.pstar/x')).toBe(NAME);
    expect(sessionName('/home/somebody/.pstar/y')).not.toBe(NAME);
    expect(isOurs(`somebody@${NAME}`)).toBe(true);
    expect(isOurs('pstar-notes')).toBe(false);
  });

  it('are listed, and no others', async () => {
    const { owner } = library(['mine', NAME, `somebody@${NAME}`]);
    expect(await listDrmaaSessions(owner)).toEqual([NAME, `somebody@${NAME}`]);
  });

  it('are made, and destroyed when the last one lets them go', async () => {
    const { owner, said } = library();
    const first = await holdSession(owner, NAME);
    const second = await holdSession(owner, NAME);
    await first.release(false);
    await second.release(false);
    expect(said).toEqual([
      `create ${NAME}`,
      `open ${NAME}`,
      `close ${NAME}`,
      `close ${NAME}`,
      `destroy ${NAME}`,
    ]);
  });

  it('stay while others are about to open them, and go with the last that cannot close', async () => {
    const { owner, said } = library();
    const first = await holdSession(owner, NAME);
    const second = holdSession(owner, NAME);
    await first.release(false);
    const { session, release } = await second;
    expect(said).not.toContain(`destroy ${NAME}`);
    session.close = () => Promise.reject(new Error('no'));
    await expect(release(false)).rejects.toThrow('no');
    await (await holdSession(owner, NAME)).release(false);
    expect(said.at(-1)).toBe(`destroy ${NAME}`);
  });

  it('stay while pilots need them, and are found under the name of their user', async () => {
    const { owner, said } = library([`somebody@${NAME}`]);
    await (await holdSession(owner, NAME)).release(true);
    expect(said).toEqual([`open ${NAME}`, `close ${NAME}`]);
  });
});
