/**
 * What the schemas of both kinds of description share: how an attribute is made of a reader, and
 * how zod's issues become one DescriptionError that says the way out.
 */
import { z } from 'zod';
import { DescriptionError } from './errors.ts';
import { nearest } from './nearest.ts';
import { written } from './written.ts';

/** An attribute that may be left out, read by a function that throws DescriptionErrors. */
export function attribute<In, Out>(
  read: (value: In) => Out,
): z.ZodOptional<z.ZodTransform<Awaited<Out>, In>> {
  return z
    .transform((value: In, context) => {
      try {
        return read(value);
      } catch (error) {
        if (!(error instanceof DescriptionError)) throw error;
        const { problem, hint } = error;
        context.issues.push({ code: 'custom', message: problem, params: { hint }, input: value });
        return z.NEVER;
      }
    })
    .optional();
}

/** A parsed description: what was left out is not there, not even as undefined. */
export type Parsed<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

/**
 * Parses with one of our schemas.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID`; `subject` is the first attribute that is wrong,
 *   and the message names all of them.
 */
export function parseWith<S extends z.ZodObject>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(withoutUndefined(value));
  if (result.success) return result.data;
  const [first, ...others] = result.error.issues.flatMap((issue) =>
    problemsOf(issue, schema, value),
  );
  throw new DescriptionError('DESCRIPTION_INVALID', first?.problem ?? 'is no description', {
    subject: first?.subject,
    hint: first?.hint,
    others: others.map(
      (other) => new DescriptionError('DESCRIPTION_INVALID', other.problem, other).message,
    ),
  });
}

/** Leaves out what was given as undefined, so that it means the same as not given. */
export function withoutUndefined<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  for (const name in value) {
    if (value[name] !== undefined) continue;
    return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
  }
  return value;
}

interface Problem {
  readonly subject: string;
  readonly problem: string;
  readonly hint?: string | undefined;
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodObject, value: unknown): Problem[] {
  const subject = issue.path.join('.');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = Object.keys(shapeAt(schema, issue.path));
      const prefix = subject && `${subject}.`;
      return issue.keys.map((key) => unknownAttribute(prefix, key, known));
    }
    case 'invalid_type': {
      const hint = 'write { attribute: value, … }';
      return [{ subject, problem: `${written(valueAt(value, issue.path))} is no object`, hint }];
    }
    case 'custom':
      return [{ subject, problem: issue.message, hint: issue.params?.['hint'] }];
    default:
      return [{ subject, problem: issue.message }];
  }
}

// What people write who come from a batch system or from child_process: small, without '-' and '_'.
const OTHER_WORDS: Readonly<Record<string, string>> = {
  account: 'project',
  after: 'dependsOn',
  args: 'arguments',
  argv: 'arguments',
  chdir: 'workingDirectory',
  cmd: 'executable',
  command: 'executable',
  cores: 'totalCpuCount',
  cpus: 'totalCpuCount',
  cpuspertask: 'threadsPerProcess',
  cwd: 'workingDirectory',
  dir: 'workingDirectory',
  env: 'environment',
  exe: 'executable',
  files: 'fileTransfer',
  hosts: 'candidateHosts',
  maxretries: 'retries',
  mem: 'totalPhysicalMemory',
  memory: 'totalPhysicalMemory',
  ncpus: 'totalCpuCount',
  nodelist: 'candidateHosts',
  nodes: 'numberOfProcesses',
  ntasks: 'numberOfProcesses',
  partition: 'queue',
  program: 'executable',
  retry: 'retries',
  stderr: 'error',
  stdin: 'input',
  stdout: 'output',
  time: 'wallTimeLimit',
  timelimit: 'wallTimeLimit',
  timeout: 'wallTimeLimit',
  workdir: 'workingDirectory',
};

/** Of a unit, which has `retries`, more instances are no more nodes. */
const ONE_NODE = 'a unit runs on one node: submit a unit for each';

function unknownAttribute(prefix: string, key: string, known: readonly string[]): Problem {
  const folded = key.toLowerCase().replaceAll(/[-_]/g, '');
  if (folded === 'nodes' && known.includes('retries')) {
    return { subject: `${prefix}${key}`, problem: 'is no attribute', hint: ONE_NODE };
  }
  const word = Object.hasOwn(OTHER_WORDS, folded) ? OTHER_WORDS[folded] : undefined;
  const meant = word !== undefined && known.includes(word) ? word : nearest(key, known);
  return {
    subject: `${prefix}${key}`,
    problem: 'is no attribute',
    hint: meant && `did you mean ${prefix}${meant}?`,
  };
}

// zod's `reportInput` would tell as much, but made every parse cost 1.2 µs more (4.6.7).
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((outer, key) => (outer as Readonly<Record<PropertyKey, unknown>>)[key], value);
}

function shapeAt(schema: z.ZodObject, path: readonly PropertyKey[]): Readonly<z.core.$ZodShape> {
  let shape: Readonly<z.core.$ZodShape> = schema.shape;
  for (const key of path) {
    let inner: unknown = shape[String(key)];
    if (inner instanceof z.ZodOptional) inner = inner.unwrap();
    if (inner instanceof z.ZodObject) shape = inner.shape;
  }
  return shape;
}
