/** Every example checks its own outcome: a wrong one ends it with a message and exit code 1. */
export function check(condition: unknown, problem: string): asserts condition {
  if (!condition) throw new Error(`wrong outcome: ${problem}`);
}

// By itself Node would print the line that has thrown, as the loader has rewritten it.
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exitCode = 1;
});
