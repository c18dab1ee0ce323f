/**
 * The symbols of `using`, which Node.js 20 has in its own globals alone: where a test runner has others, they are
 * put there, too. It is imported where the store is read, and so before any service is defined.
 */
import { runInThisContext } from 'node:vm';

for (const name of ['dispose', 'asyncDispose'] as const) {
  if (Symbol[name] !== undefined) continue;
  Object.defineProperty(Symbol, name, { value: runInThisContext(`Symbol.${name}`) });
}
