/**
 * Who may import whom.
 *
 * ARCHITECTURE.md shows the same tables to people; test/tidy checks that they agree and that every
 * folder of the core, and of its `service`, has its row.
 */

/**
 * `ours`: folders of packages/core/src. `others`: packages, and `node` for all that Node brings.
 *
 * @typedef {{ ours: string[], others: string[] }} Layer
 * @typedef {import('dependency-cruiser').IForbiddenRuleType} Rule
 */

/** @type {Record<string, Layer>} From the lowest up. */
export const layers = {
  model: { ours: [], others: ['zod'] },
  scheduler: { ours: ['model'], others: [] },
  protocol: { ours: ['model'], others: [] },
  manager: { ours: ['model', 'scheduler', 'protocol'], others: [] },
  maps: { ours: ['model'], others: [] },
  runtime: { ours: ['model'], others: ['node', 'msgpackr'] },
  journal: { ours: ['model', 'runtime'], others: ['node', 'msgpackr'] },
  transport: {
    ours: ['model', 'protocol', 'runtime'],
    others: ['node', 'msgpackr', 'eventemitter3'],
  },
  staging: { ours: ['model', 'protocol', 'runtime'], others: ['node'] },
  executor: { ours: ['model', 'runtime'], others: ['node', 'koffi'] },
  functions: { ours: ['model', 'runtime'], others: ['node', 'esbuild'] },
  workers: { ours: ['model', 'runtime', 'executor', 'functions'], others: ['node'] },
  adaptor: { ours: ['model', 'runtime', 'protocol'], others: ['node', 'zod', 'eventemitter3'] },
  agent: {
    ours: ['model', 'protocol', 'transport', 'staging', 'executor', 'workers', 'runtime'],
    others: ['node', 'eventemitter3'],
  },
  service: {
    ours: [
      'model',
      'scheduler',
      'protocol',
      'manager',
      'maps',
      'runtime',
      'journal',
      'transport',
      'staging',
      'adaptor',
      'functions',
    ],
    others: ['node', 'rxjs'],
  },
};

/**
 * The folders of `service`, from the lowest up: `service` has those of them that a folder may import,
 * `ours` the layers. The two services, above them all, may import whatever their layer may.
 *
 * @type {Record<string, { service: string[], ours: string[] }>}
 */
export const serviceFolders = {
  base: {
    service: [],
    ours: ['model', 'manager', 'protocol', 'runtime', 'journal', 'adaptor'],
  },
  agents: {
    service: ['base'],
    ours: ['model', 'manager', 'protocol', 'runtime', 'transport', 'adaptor'],
  },
  'resource-managers': {
    service: ['base', 'agents'],
    ours: ['model', 'manager', 'protocol', 'runtime', 'adaptor'],
  },
  pilots: {
    service: ['base', 'agents', 'resource-managers'],
    ours: ['model', 'manager', 'runtime', 'transport', 'adaptor'],
  },
  staging: {
    service: [],
    ours: ['model', 'manager', 'protocol', 'runtime', 'staging'],
  },
  calls: {
    service: ['base'],
    ours: ['model', 'protocol', 'runtime', 'functions'],
  },
  units: {
    service: ['base', 'staging', 'calls'],
    ours: ['model', 'manager', 'protocol', 'runtime', 'scheduler', 'functions'],
  },
  maps: {
    service: ['base', 'calls', 'units'],
    ours: ['model', 'manager', 'maps', 'protocol', 'runtime', 'journal', 'functions'],
  },
};

/** The agent's machine: files that decide and do nothing else, as pure as the manager. */
export const pureFiles = [
  'agent/agent-machine.ts',
  'agent/attempt-table.ts',
  'agent/held-units.ts',
  'agent/map-turns.ts',
  'agent/promised-units.ts',
  'agent/recent-runs.ts',
  'agent/report-box.ts',
  'agent/run-table.ts',
  'agent/service-work.ts',
  'agent/slots.ts',
  'agent/unit-environment.ts',
  'agent/staged-units.ts',
  'agent/staging-rests.ts',
  'agent/unit-columns.ts',
  'agent/unit-command.ts',
  'agent/unit-effects.ts',
  'agent/unit-queue.ts',
  'agent/unit-watches.ts',
  'agent/workload.ts',
];

const src = 'packages/core/src';
const doors = `^${src}/(index|adaptor|testing)\\.ts$`;
const oneOf = (/** @type {string[]} */ words) => `(${words.join('|')})`;
const listed = (/** @type {string[]} */ words) => (words.length > 0 ? words.join(', ') : 'nothing');

/** @returns {Rule} */
const ruleOfOurs = (/** @type {[string, Layer]} */ [layer, { ours }]) => ({
  name: `${layer}-looks-down`,
  severity: 'error',
  comment: `${layer}/ may import ${listed(ours)} of ours.`,
  from: { path: `^${src}/${layer}/` },
  to: { path: '^packages/', pathNot: `^${src}/${oneOf([layer, ...ours])}/` },
});

/** @returns {Rule} */
const ruleOfPackages = (/** @type {[string, Layer]} */ [layer, { others }]) => {
  const packages = others.filter((other) => other !== 'node');
  return {
    name: `${layer}-keeps-to-its-packages`,
    severity: 'error',
    comment: `${layer}/ may import ${listed(others)}, type imports included.`,
    from: { path: `^${src}/${layer}/` },
    to: {
      path: 'node_modules/',
      ...(packages.length > 0 && { pathNot: `node_modules/${oneOf(packages)}/` }),
    },
  };
};

/** @returns {Rule} */
const ruleOfNode = (/** @type {[string, Layer]} */ [layer]) => ({
  name: `${layer}-knows-no-node`,
  severity: 'error',
  comment: `${layer}/ decides: it must run in a simulator, without files, sockets, timers or a clock.`,
  from: { path: `^${src}/${layer}/` },
  to: { dependencyTypes: ['core'] },
});

/** @returns {Rule} */
const ruleOfServiceFolder = (
  /** @type {[string, { service: string[], ours: string[] }]} */ [folder, { service, ours }],
) => ({
  name: `service-${folder}-looks-down`,
  severity: 'error',
  comment: `service/${folder}/ may import ${listed(service)} of service, and ${listed(ours)} of ours.`,
  from: { path: `^${src}/service/${folder}/` },
  to: {
    path: '^packages/',
    pathNot: [`^${src}/service/${oneOf([folder, ...service])}/`, `^${src}/${oneOf(ours)}/`],
  },
});

const tables = Object.entries(layers);
const withoutNode = tables.filter(([, { others }]) => !others.includes('node'));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...tables.map(ruleOfOurs),
    ...tables.map(ruleOfPackages),
    ...withoutNode.map(ruleOfNode),
    ...Object.entries(serviceFolders).map(ruleOfServiceFolder),
    {
      name: 'pure-files-are-pure',
      severity: 'error',
      comment: 'These files may import model, protocol and one another: their project has no more.',
      from: { path: `^${src}/${oneOf(pureFiles)}$` },
      to: { pathNot: `^${src}/(model/|protocol/|${oneOf(pureFiles)}$)` },
    },
    {
      name: 'a-folder-has-its-row',
      severity: 'error',
      comment: 'A new folder of the core needs a row in the table above.',
      from: { path: `^${src}/`, pathNot: [`^${src}/${oneOf(Object.keys(layers))}/`, doors] },
      to: {},
    },
    {
      name: 'a-folder-of-service-has-its-row',
      severity: 'error',
      comment: 'A new folder of service needs a row in the table of its folders.',
      from: {
        path: `^${src}/service/[^/]+/`,
        pathNot: `^${src}/service/${oneOf(Object.keys(serviceFolders))}/`,
      },
      to: {},
    },
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'A cycle hides which of two modules is the lower one.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'the-front-door',
      severity: 'error',
      comment: 'Our adaptors, kits and examples see what other people see.',
      from: { path: '^(packages/(?!core/)|examples/)' },
      to: { path: `^${src}/`, pathNot: doors },
    },
    {
      name: 'found',
      severity: 'error',
      comment: 'What cannot be resolved escapes every rule here.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'not-to-test',
      severity: 'error',
      comment: 'What is published does not lean on tests.',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '(^|/)test/' },
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      comment: 'It would be missing where the package is installed.',
      from: { path: '^packages/[^/]+/src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/[^/]+/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@pstar/source', 'types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
