/** What each attribute of a pilot becomes. PURE. */
import { CORE_PILOT_ATTRIBUTES, type PilotAttribute } from '@pstar/core/adaptor';

/** What becomes of an attribute. */
export interface AttributeRule {
  /** For people. */
  readonly becomes: string;
  /** Not honoured: `becomes` says why not, and what to write instead. */
  readonly refused?: true;
}

const refused = (becomes: string): AttributeRule => ({
  becomes: `refused: ${becomes}`,
  refused: true,
});

const NO_PROGRAM = refused('a pilot runs an agent; submit programs as work units');
const ONE_AGENT = refused('there is one agent on each host; name the hosts');
const NO_QUEUE = refused('an ssh host has no queue and runs what comes');
const AS_IT_IS = refused('a host is what it is; name those that fit');
const NO_ELASTICITY = refused('pilots do not come and go by themselves');

/** Every attribute that there is. */
export const ATTRIBUTE_RULES: Readonly<Record<PilotAttribute, AttributeRule>> = {
  name: { becomes: 'kept by pstar: a host has no list of pilots' },
  candidateHosts: {
    becomes:
      "the pilot's hosts in place of the URL's, an agent on each: `me@node1:2222`, or an alias",
  },
  totalCpuCount: { becomes: 'what the agents offer together, in equal shares' },
  totalPhysicalMemory: { becomes: 'what each agent offers' },
  wallTimeLimit: { becomes: 'kept by the agents, from their start on' },
  idleTimeout: { becomes: 'kept by the agents' },
  environment: { becomes: 'exported before `initCommands`' },
  workingDirectory: { becomes: 'a directory of each host, made if it is not there' },
  output: {
    becomes: 'the file here that the log of each host is appended to when its agent is over',
  },
  cleanup: {
    becomes: "with `false` the pilot's directories stay on the hosts, without its secrets",
  },
  initCommands: {
    becomes: 'run by /bin/sh before the agent, and to look for Node.js where there is no other',
  },
  agent: {
    becomes:
      '`agent.node`: a path over there; `agent.sendNode`: the Node.js of this program goes along; ' +
      "`agent.scratch`: the pilot's directory and, if need be, the cache are in there",
  },
  numberOfProcesses: ONE_AGENT,
  processesPerHost: ONE_AGENT,
  threadsPerProcess: ONE_AGENT,
  totalCpuTime: refused('nobody counts it; write `wallTimeLimit`'),
  startTime: NO_QUEUE,
  queue: NO_QUEUE,
  project: refused('nobody charges for it'),
  contact: refused('nobody sends notices; watch `state$`'),
  cpuArchitecture: AS_IT_IS,
  operatingSystemType: AS_IT_IS,
  error: refused('errors go to `output`'),
  nativeOptions: refused('write options of ssh into its configuration'),
  executable: NO_PROGRAM,
  arguments: NO_PROGRAM,
  input: NO_PROGRAM,
  interactive: NO_PROGRAM,
  fileTransfer: NO_PROGRAM,
  spmdVariation: refused('agents are started one by one'),
  minPilots: NO_ELASTICITY,
  maxPilots: NO_ELASTICITY,
};

/** What the adaptor honours beyond what the core does for every pilot. */
export const HONOURED = Object.entries(ATTRIBUTE_RULES)
  .filter(([, rule]) => !rule.refused)
  .map(([name]) => name as PilotAttribute)
  .filter((name) => !CORE_PILOT_ATTRIBUTES.includes(name));
