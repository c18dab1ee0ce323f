/** The files of this package that travel with an agent. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AdaptorError } from '../../model/errors.ts';

// The same from src/service/agents and from dist/service/agents.
const PACKAGE = new URL('../../../', import.meta.url);

/**
 * The agent, bundled into one file.
 *
 * @throws PilotError `ADAPTOR_FAILED` when it has not been built.
 */
export function agentFile(): string {
  const file = fileURLToPath(new URL('dist/agent/agent.mjs', PACKAGE));
  if (existsSync(file)) return file;
  throw new AdaptorError('ADAPTOR_FAILED', 'the agent is not there', {
    subject: file,
    hint: isBundled(import.meta.url)
      ? 'leave @pstar/core out of the bundle of your program (esbuild: --packages=external)'
      : 'build the package, or install it anew',
  });
}

/** Whether somebody has put the module of that URL into a file with others: here all have one folder. */
function isBundled(module: string): boolean {
  return !/\/(src|dist)\/service\/agents\/agent-files\.[jt]s$/.test(module);
}

/** Where koffi is, which the bundle cannot hold; without it agents start processes more slowly. */
export function koffiPath(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('koffi');
  } catch {
    return undefined;
  }
}
