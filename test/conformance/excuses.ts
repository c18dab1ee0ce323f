/** Excuses that several adaptors share; each gives the reason in its own words. */

/** For an adaptor that starts processes itself: nothing that is submitted waits. */
export function withoutQueue(reason: string): Record<string, string> {
  const names = ['submit:pending', 'cancel:pending', 'cancel:held', 'outside:held'];
  return excuses([...names, 'outside:requeued'], reason);
}

/** For an adaptor that runs no command by the runner of its context, so that none can be made to fail. */
export function withoutCommands(reason: string): Record<string, string> {
  const faults = [
    'given-up',
    'tool-missing',
    'failing',
    'garbage',
    'hanging',
    'states',
    'silence',
    'find',
    'cancel',
    'cancel-some',
    'lost-answer',
  ];
  return excuses(['files:there', ...faults.map((name) => `faults:${name}`)], reason);
}

function excuses(names: readonly string[], reason: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}
