import { hostname } from 'node:os';
import { localCommandRunner } from '@pstar/core/adaptor';
import { expect, it } from 'vitest';
import { environmentOf, namesOf } from '../src/surroundings.ts';
import { ScriptedRunner } from './support/runner.ts';

it('reads what commands have, whatever stands there', async () => {
  const runner = new ScriptedRunner(() => 'A=1\0B=x=y\nC=2\0 no variable\0=3\0EMPTY=\0');
  expect(await environmentOf(runner)).toEqual({ A: '1', B: 'x=y\nC=2', EMPTY: '' });
  expect(await environmentOf(localCommandRunner())).toMatchObject({ PATH: process.env['PATH'] });
});

it('does not go on without', async () => {
  const runner = new ScriptedRunner(() => ({ exitCode: 1, stderr: 'env: no\n' }));
  await expect(environmentOf(runner)).rejects.toMatchObject({
    code: 'ADAPTOR_FAILED',
    message: 'env: no (login)',
  });
});

it('names a machine in all the ways that a node may be called', async () => {
  const runner = new ScriptedRunner(() => 'login\nlogin.cluster\n10.0.0.1 fd00::1 \n');
  expect(await namesOf(runner)).toEqual(['login', 'login.cluster', '10.0.0.1', 'fd00::1']);
  const without = new ScriptedRunner(() => ({ exitCode: 127, stdout: 'login.cluster\n' }));
  expect(await namesOf(without)).toEqual(['login.cluster', 'login']);
  expect(await namesOf(localCommandRunner())).toContain(hostname());
});
