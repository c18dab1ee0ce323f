import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@pstar/core/adaptor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCredentials, type TokenSources } from '../src/rest-token.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const clock = { now: () => NOW } as Clock;
const token = (name: string, exp?: number) =>
  `e30.${Buffer.from(JSON.stringify({ sun: name, exp })).toString('base64url')}.c2ln`;

const find = (sources: Partial<TokenSources>) =>
  findCredentials({ urlUser: '', environment: {}, clock, ...sources });

describe('the token', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'pstar-token-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is userPass, else the file userKey, else SLURM_JWT, and else there is none', async () => {
    const userKey = join(directory, 'token');
    writeFileSync(userKey, `SLURM_JWT=${token('file')}\n`);
    const environment = { SLURM_JWT: token('environment') };
    const userPass = token('context');
    expect(await find({ security: { userPass, userKey }, environment })).toMatchObject({
      token: userPass,
    });
    expect(await find({ security: { userKey }, environment })).toMatchObject({
      token: token('file'),
    });
    expect(await find({ environment })).toMatchObject({ token: token('environment') });
    expect(await find({})).toBeUndefined();
  });

  it('is read anew each time: tokens are shorter lived than pilots', async () => {
    const userKey = join(directory, 'renewed');
    for (const name of ['first', 'second']) {
      writeFileSync(userKey, token(name));
      expect(await find({ security: { userKey } })).toMatchObject({ token: token(name) });
    }
  });

  it('is of the userId, else of the user in the URL, else of who runs this', async () => {
    const userPass = token('x');
    const users = await Promise.all([
      find({ security: { userPass, userId: 'ann' }, urlUser: 'bob' }),
      find({ security: { userPass }, urlUser: 'bob' }),
      find({ security: { userPass } }),
    ]);
    expect(users.map((each) => each?.user)).toEqual(['ann', 'bob', userInfo().username]);
  });

  it('is refused when its time is over, or when it is none, without being shown', async () => {
    const expired = token('x', NOW / 1000);
    for (const userPass of [expired, 'hunter2', 'hunter2.hunter2.hunter2']) {
      const error = await find({ security: { userPass } }).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
      expect(`${error.stack}${JSON.stringify(error)}${error.cause}`).not.toContain(userPass);
    }
    expect(await find({ security: { userPass: token('x', NOW / 1000 + 1) } })).toBeDefined();
  });

  it('cannot be read from a file that is not there', async () => {
    const userKey = join(directory, 'missing');
    await expect(find({ security: { userKey } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      subject: userKey,
    });
  });
});
