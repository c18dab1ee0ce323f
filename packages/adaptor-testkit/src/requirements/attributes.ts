/** What descriptions may ask for. */
import { CORE_PILOT_ATTRIBUTES, PilotJobDescription } from '@pstar/core/adaptor';
import { systemClock } from '@pstar/core/testing';
import { attributeExamples } from '../attribute-examples.ts';
import { must, mustRefuse } from '../check.ts';
import { SCRIPTS } from '../launches.ts';
import type { Requirement } from '../requirement.ts';
import { openPilots } from '../services.ts';
import type { Trial } from '../trial.ts';

const ALL = Object.keys(PilotJobDescription.shape);

/** A value of any attribute, to be refused whatever it is. */
const VALUES: Readonly<Record<string, unknown>> = {
  arguments: ['x'],
  contact: 'nobody@example.org',
  candidateHosts: ['n1'],
  fileTransfer: ['a > b'],
  initCommands: [':'],
  interactive: true,
  nativeOptions: { x: 'y' },
};
const DURATIONS = ['totalCpuTime', 'startTime', 'wallTimeLimit', 'idleTimeout'];
const TEXTS = [
  'queue',
  'project',
  'cpuArchitecture',
  'operatingSystemType',
  'error',
  'executable',
  'input',
  'spmdVariation',
];

function anyValue(attribute: string): unknown {
  if (DURATIONS.includes(attribute)) return 3600;
  return VALUES[attribute] ?? (TEXTS.includes(attribute) ? 'x' : 1);
}

/** That an adaptor honours what it lists. */
export const attributes: readonly Requirement[] = [
  {
    name: 'attributes:known',
    sentence: 'lists attributes by the names that descriptions have',
    run: async ({ options: { adaptor } }) => {
      const unknown = adaptor.attributes.filter((name) => !ALL.includes(name));
      must(unknown.length === 0, `no description has ${unknown.join(', ')}`);
    },
  },
  {
    name: 'attributes:accepted',
    sentence: 'accepts a launch with each attribute that it lists',
    run: async (trial) => {
      const here = await trial.connect();
      const known = { ...attributeExamples(systemClock.now()), ...trial.options.examples };
      for (const attribute of trial.options.adaptor.attributes.filter((each) =>
        ALL.includes(each),
      )) {
        const description = known[attribute];
        must(description?.[attribute] !== undefined, `give an example of ${attribute}`);
        const launch = await trial.launchOf({ script: SCRIPTS.stay, description });
        await here.submit(launch).catch((cause: unknown) => {
          throw new Error(`${attribute} is listed and refused: ${cause}`, { cause });
        });
      }
    },
  },
  {
    name: 'attributes:refused',
    sentence: 'has all other attributes refused by their names',
    run: async (trial) => {
      const { adaptor } = trial.options;
      const honoured: readonly string[] = [...CORE_PILOT_ATTRIBUTES, ...adaptor.attributes];
      const pilots = await openPilots(trial);
      for (const attribute of ALL.filter((name) => !honoured.includes(name))) {
        await refusedByName(trial, pilots, attribute);
      }
    },
  },
];

async function refusedByName(
  trial: Trial,
  pilots: Awaited<ReturnType<typeof openPilots>>,
  attribute: string,
): Promise<void> {
  const description = { ...trial.options.description, [attribute]: anyValue(attribute) };
  const creation = pilots.create(trial.rm, description);
  const { message } = await mustRefuse(creation, `a pilot with ${attribute}`);
  must(message.includes(attribute), `'${message}' does not name ${attribute}`);
}
