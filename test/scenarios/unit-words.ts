/** Descriptions of work units in the words of scenarios: `a cores=2 + b dependsOn=a:finished`. */
import type { Dependency } from '../../packages/core/src/model/dependency.ts';
import type { WorkUnitDescription } from '../../packages/core/src/model/work-unit-description.ts';

type Words = Readonly<Record<string, string>>;

/** Reads the units of one submit; `known` are the names of those submitted before, by number. */
export function describeUnits(
  text: string,
  known: readonly string[],
): { names: string[]; descriptions: Partial<WorkUnitDescription>[] } {
  const names: string[] = [];
  const descriptions: Partial<WorkUnitDescription>[] = [];
  for (const part of text.split(' + ')) {
    const [name = '', ...pairs] = part.split(' ');
    const words = Object.fromEntries(pairs.map((pair) => pair.split('='))) as Words;
    for (const one of expand(name)) {
      names.push(one);
      descriptions.push({ ...describe(words, known), name: one });
    }
  }
  return { names, descriptions };
}

/** `u1..u3`: u1, u2 and u3. */
function expand(name: string): string[] {
  const [, stem, first, last] = /^(\D+)(\d+)\.\.\D+(\d+)$/.exec(name) ?? [];
  if (stem === undefined) return [name];
  const count = Number(last) - Number(first) + 1;
  return Array.from({ length: count }, (_, i) => `${stem}${Number(first) + i}`);
}

const ATTRIBUTES: Readonly<
  Record<string, (value: string, known: readonly string[]) => Partial<WorkUnitDescription>>
> = {
  cores: (value) => ({ totalCpuCount: Number(value) }),
  memory: (value) => ({ totalPhysicalMemory: Number(value) }),
  gpus: (value) => ({ gpus: Number(value) }),
  group: (value) => ({ group: value }),
  priority: (value) => ({ priority: Number(value) }),
  startTime: (value) => ({ startTime: Number(value) }),
  estimate: (value) => ({ estimatedRunTime: value }),
  restart: (value) => ({ restartOnPilotLoss: value === 'true' }),
  pilot: (value) => ({ pilotJob: value }),
  hosts: (value) => ({ candidateHosts: value.split(',') }),
  retries: (value) => {
    const [limit, delay = 0, backoff] = value.split('/');
    const exponential = backoff === 'exponential' ? ({ backoff } as const) : {};
    return { retries: { limit: Number(limit), delay, ...exponential } };
  },
  dependsOn: (value, known) => ({
    dependsOn: value.split(',').map((word) => dependency(word, known)),
  }),
};

function describe(words: Words, known: readonly string[]): Partial<WorkUnitDescription> {
  const parts = Object.entries(words).map(([word, value]) => {
    const read = ATTRIBUTES[word];
    if (read === undefined) throw new Error(`there is no attribute '${word}'`);
    return read(value, known);
  });
  return Object.assign({}, ...parts);
}

/** `a`, `a:finished`, `group:g`, `group:g:finished`. */
function dependency(word: string, known: readonly string[]): Dependency {
  const parts = word.split(':');
  const on = parts.at(-1) === 'finished' ? 'finished' : 'done';
  if (parts[0] === 'group') return { group: parts[1] as string, on };
  const number = known.indexOf(parts[0] as string);
  return { unit: number < 0 ? (parts[0] as string) : `work.${number}`, on };
}
