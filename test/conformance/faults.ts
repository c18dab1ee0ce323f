/** What adaptors are excused from that run no commands. */

/** The requirements of the kit about commands that fail. */
const FAULTS = [
  'tool-missing',
  'failing',
  'garbage',
  'hanging',
  'states',
  'silence',
  'find',
  'cancel',
  'lost-answer',
  'given-up',
];

/** All of them, for one reason. */
export function withoutCommands(reason: string): Record<string, string> {
  return Object.fromEntries(FAULTS.map((name) => [`faults:${name}`, reason]));
}
