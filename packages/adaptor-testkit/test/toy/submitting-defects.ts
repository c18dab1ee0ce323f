/** Adaptors that break one promise each, about connecting and submitting. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdaptorError, type AgentLaunch, PilotJobDescription } from '@pstar/core/adaptor';
import type { Defect } from './toy-adaptor.ts';

const failure = () => new AdaptorError('ADAPTOR_FAILED', 'it did not go well');

/** What is wrong before anything is submitted, or with what is submitted. */
export const SUBMITTING: readonly Defect[] = [
  {
    what: 'is written for another contract',
    fails: ['connect:contract', 'connect:unknown-query', 'attributes:refused'],
    adaptor: () => ({ contract: 99 }),
  },
  {
    what: 'has no name',
    fails: ['connect:info'],
    manager: () => ({ info: async () => ({ name: '' }) }),
  },
  {
    what: 'closes all connections at once',
    fails: ['connect:twice'],
    adaptor: (good) => {
      let isClosed = false;
      const connect: typeof good.connect = async (rm, context) => {
        const manager = await good.connect(rm, context);
        const info = async () => {
          if (isClosed) throw failure();
          return manager.info();
        };
        const close = async () => {
          isClosed = true;
        };
        return { ...manager, info, close };
      };
      return { connect };
    },
  },
  {
    what: 'takes any query',
    fails: ['connect:unknown-query'],
    adaptor: () => ({ optionsSchema: PilotJobDescription.loose() }),
  },
  {
    what: 'lists what no description has',
    fails: ['attributes:known'],
    adaptor: ({ attributes }) => ({ attributes: [...attributes, 'walltime' as 'queue'] }),
  },
  {
    what: 'refuses what it lists',
    fails: ['attributes:accepted'],
    manager: ({ good }) => ({
      submit: async (launch, options) => {
        if (launch.description.totalCpuCount !== undefined) throw failure();
        return good.submit(launch, options);
      },
    }),
  },
  {
    what: 'lists more once it is connected',
    fails: ['attributes:refused'],
    adaptor: (good) => {
      const attributes = [...good.attributes];
      const connect: typeof good.connect = async (rm, context) => {
        if (context.directory.includes('/store/')) attributes.push('project');
        return good.connect(rm, context);
      };
      return { attributes, connect };
    },
  },
  {
    what: 'gives one id to two launches',
    fails: ['submit:native-id', 'faults:lost-answer'],
    manager: ({ good }) => {
      let unasked: string | undefined;
      return {
        submit: async (launch, options) => {
          unasked ??= await good.submit(launch, options);
          return unasked;
        },
        states: async (ids) => {
          unasked = undefined;
          return good.states?.(ids) ?? [];
        },
        find: async (name) => {
          unasked = undefined;
          return good.find?.(name);
        },
      };
    },
  },
  {
    what: 'starts what ended well again',
    fails: ['submit:command'],
    spec: (spec, { command }) => ({
      ...spec,
      script: /agent\.mjs/.test(`${command}`)
        ? `trap : USR1\n(${spec.script}) && (${spec.script})`
        : spec.script,
    }),
  },
  {
    what: 'makes one line of what has two',
    fails: ['submit:environment'],
    spec: (spec) => ({ ...spec, environment: onOneLine(spec.environment) }),
  },
  {
    what: 'starts everything in one directory',
    fails: ['submit:directory'],
    spec: (spec) => ({ ...spec, directory: '/' }),
  },
  {
    what: 'throws stderr away',
    fails: ['submit:log'],
    spec: (spec) => ({ ...spec, script: `exec 2>/dev/null\n${spec.script}` }),
  },
  {
    what: 'writes the log anew',
    fails: ['submit:log'],
    spec: (spec) => ({
      ...spec,
      script: `: >'${spec.logFile.replaceAll("'", "'\\''")}'\n${spec.script}`,
    }),
  },
  {
    what: 'expands percent signs in paths',
    fails: ['submit:odd-paths'],
    spec: (spec) => ({ ...spec, logFile: spec.logFile.replace('% ', '') }),
  },
  {
    what: 'puts paths between double quotes',
    fails: ['submit:shell-paths'],
    spec: (spec, { directory }) => ({
      ...spec,
      script: `cd "${directory}" || exit\n${spec.script}`,
    }),
  },
  {
    what: 'goes on when an initCommand has failed',
    fails: ['submit:init-commands'],
    spec: (spec) => ({ ...spec, script: spec.script.replaceAll('exit 1', 'true') }),
  },
  {
    what: 'takes the first environment for all of many launches',
    fails: ['submit:parallel'],
    manager: ({ good }) => {
      const atOnce: AgentLaunch[] = [];
      return {
        submit: async (launch, options) => {
          atOnce.push(launch);
          const { environment } = (atOnce.length > 10 && atOnce[0]) || launch;
          try {
            return await good.submit({ ...launch, environment }, options);
          } finally {
            atOnce.pop();
          }
        },
      };
    },
  },
  {
    what: 'keeps the sentence of a refusal to itself',
    fails: ['submit:refused', 'work:refused'],
    manager: ({ good }) => ({
      submit: async (launch, options) => {
        if (launch.description.queue === 'nowhere') throw failure();
        return good.submit(launch, options);
      },
    }),
  },
  {
    what: 'leaves behind what was refused',
    fails: ['submit:refused', 'work:refused'],
    manager: ({ good }) => ({
      submit: async (launch, options) => {
        const { queue } = launch.description;
        if (queue !== 'nowhere') return good.submit(launch, options);
        await good.submit({ ...launch, description: { queue: 'later' } });
        return good.submit(launch, options);
      },
    }),
  },
  {
    what: 'submits although the caller has given up',
    fails: ['submit:aborted', 'faults:given-up'],
    manager: ({ good }) => ({ submit: (launch) => good.submit(launch) }),
  },
  {
    what: 'does not hand the signal on',
    fails: ['faults:given-up'],
    manager: ({ good }) => ({
      submit: async (launch, { signal } = {}) => {
        signal?.throwIfAborted();
        return good.submit(launch);
      },
    }),
  },
  {
    what: 'has no words for what waits',
    fails: ['submit:pending'],
    state: (state) => (state.state === 'Pending' ? { ...state, detail: '' } : state),
  },
  {
    what: 'exports the key',
    fails: ['secrets:processes'],
    spec: async (spec, launch) => ({
      ...spec,
      environment: { ...spec.environment, KEY: await readFile(launch.settingsFile, 'utf8') },
    }),
  },
  {
    what: 'passes the key as an argument',
    fails: ['secrets:commands'],
    manager: ({ good, toy }) => ({
      submit: async (launch, options) => {
        await toy(['cancel', await readFile(launch.settingsFile, 'utf8')], options);
        return good.submit(launch, options);
      },
    }),
  },
  {
    what: 'renders the key',
    fails: ['secrets:render'],
    manager: ({ good }) => ({
      render: async (launch) =>
        `${await good.render(launch)}${await readFile(launch.settingsFile, 'utf8').catch(() => '')}`,
    }),
  },
  {
    what: 'renders only what has its files',
    fails: ['secrets:render'],
    manager: ({ good }) => ({
      render: async (launch) => {
        await readFile(launch.settingsFile);
        return good.render(launch);
      },
    }),
  },
  {
    what: 'makes the log for everybody',
    fails: ['secrets:log'],
    spec: async (spec) => {
      await appendFile(spec.logFile, '', { mode: 0o644 });
      return spec;
    },
  },
  {
    what: 'copies settings for everybody',
    fails: ['secrets:files'],
    spec: async (spec, launch) => {
      const text = await readFile(launch.settingsFile);
      await writeFile(join(spec.directory, 'copy.sh'), text, { mode: 0o644 });
      return spec;
    },
  },
  {
    what: 'copies settings for everybody into another directory',
    fails: ['secrets:files'],
    spec: async (spec, launch) => {
      const text = await readFile(launch.settingsFile);
      await writeFile(join(tmpdir(), `toy-${launch.name}`), text, { mode: 0o644 });
      return spec;
    },
  },
];

function onOneLine(environment: Readonly<Record<string, string>>): Record<string, string> {
  const lines = Object.entries(environment).map(([name, value]) => [
    name,
    value.replace('\n', ' '),
  ]);
  return Object.fromEntries(lines);
}
