/**
 * What stands for `@pstar/*` in a bundle. A module of functions may be the very program that opens the
 * services: in a worker it must not open them again, nor carry all of the core along.
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOADER_NAME, WORKER_NAME } from './loader.ts';

const HERE = fileURLToPath(import.meta.url);
/** `.ts` in the sources, and `.js` where they are compiled. */
const EXTENSION = extname(HERE);

/** The modules that the stub is made of are found from here. */
export const STUB_DIRECTORY = fileURLToPath(new URL('./', import.meta.url));

/** All of the core's modules, sources or compiled. */
export const OWN_DIRECTORY = fileURLToPath(new URL('../', import.meta.url));

/** Our own doors, for those who reach them by a path. */
export const OWN_DOORS: readonly string[] = ['index', 'adaptor', 'testing'].map((door) =>
  fileURLToPath(new URL(`../${door}${EXTENSION}`, import.meta.url)),
);

/**
 * The source of the stub: errors, quantities and what makes task functions are themselves; all else
 * can be called, and gives a promise that never settles, so that a program stops where it opens a
 * service. In a call it throws: the worker's program waits for that, and so is on the stack. A program
 * that comes to its services late, while others call its functions, must not hear of an error, which it
 * may end its process by: it is warned. CommonJS, and with a prototype that has every name: so
 * whatever is imported of it links.
 */
export const STUB = `
const { PilotError } = require('../model/errors${EXTENSION}');
const never = new Promise(() => {});
const isInCall = () => {
  const worker = globalThis[Symbol.for('${WORKER_NAME}')];
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = Infinity;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return worker !== undefined && String(stack).includes(worker);
};
const arrive = () => {
  const loader = globalThis[Symbol.for('${LOADER_NAME}')];
  if (loader) loader.arrived();
  else if (isInCall())
    throw new PilotError('OPERATION_UNSUPPORTED', 'a call can open no service of pstar, nor use one', {
      hint: 'return what is to be done, and have the program that has the services do it',
    });
  else process.emitWarning('no service of pstar can be opened in a worker: who waits for one waits for ever');
  return never;
};
const stub = new Proxy(class {}, {
  get: (target, name) =>
    name === 'then' ? undefined : name === 'prototype' || typeof name === 'symbol' ? target[name] : stub,
  apply: arrive,
});
const names = new Proxy({}, {
  get: (target, name) =>
    typeof name === 'symbol' || name === 'then' || name === '__esModule' ? undefined : stub,
});
module.exports = Object.assign(
  Object.create(names),
  require('./task${EXTENSION}'),
  require('../model/errors${EXTENSION}'),
  require('../model/task-error${EXTENSION}'),
  require('../model/quantity${EXTENSION}'),
);
`;
