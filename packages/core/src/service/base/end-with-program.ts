/**
 * What an ending that is under way does when the program exits in the middle of it: a promise that was
 * rejected by the ending itself, and that nobody has caught, is enough for that.
 */

/** One listener for all: the engine warns of many. */
const underWay = new Set<() => void>();

/** Has `kill` called, which cannot wait for anything, if the program exits before `ending` has settled. */
export async function endWithProgram<T>(ending: Promise<T>, kill: () => void): Promise<T> {
  // A function of its own, as others may give the same.
  const own = (): void => kill();
  if (underWay.size === 0) process.on('exit', killAll);
  underWay.add(own);
  try {
    return await ending;
  } finally {
    underWay.delete(own);
    if (underWay.size === 0) process.off('exit', killAll);
  }
}

function killAll(): void {
  for (const kill of underWay) kill();
}
