/** Programs of clusters' own tests: what they start outlives them, or not. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const TSX = ['--conditions=@pstar/source', '--import', 'tsx'];

/** Runs a program of ours with tsx; gives its first line as soon as it is there. */
export function startProgram(command: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [...TSX, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const line = new Promise<string>((resolve) => {
    createInterface(child.stdout).once('line', resolve);
  });
  const over = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, line, over };
}

/** Says where a cluster is, and stays until it is killed. */
export function stay({ directory }: { readonly directory: string }): void {
  process.stdout.write(`${directory}\n`);
  setInterval(() => {}, 60_000);
}
