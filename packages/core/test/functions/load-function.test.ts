/** What a worker says of a function that is not there. */
import { expect, it } from 'vitest';
import { CallWorld } from '../workers/call-world.ts';

it.each([
  ['a module', 'export const f = () => 1, g = () => 2, n = 3;', 'f, g'],
  ['one of CommonJS, bundled', 'export default { f() {}, g() {}, n: 3 };', 'f, g'],
  ['one that has none', 'export const n = 3;', 'nothing'],
])('names the functions that %s exports', async (_, code, names) => {
  await using world = new CallWorld();
  const { problems } = await world.batch(world.run(code, { export: 'nix' }), [1]);
  expect(problems).toMatchObject([
    { kind: 'module', message: `the module exports no function nix, but ${names}` },
  ]);
});
