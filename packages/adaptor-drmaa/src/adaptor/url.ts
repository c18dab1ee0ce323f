/** What may stand in `drmaa://` and `drmaa2://` URLs. PURE. */
import { PilotError } from '@pstar/core/adaptor';
import { z } from 'zod';
import { LAYOUT_NAMES } from '../drmaa2/structures.ts';
import { DIALECT_NAMES } from './dialects/names.ts';

const text = z.string().min(1);
const port = z.coerce.number().int().min(1).max(65535);

const COMMON = {
  /** Where pilots go that name no `queue`. Default: what the resource manager decides. */
  queue: text.optional(),
  /** Whom pilots are charged to that name no `project`. Default: as above. */
  project: text.optional(),
  /** Seconds between two looks at pilots of which nothing is heard. Default: 10. */
  poll: z.coerce.number().min(1).max(3600).optional(),
  /** Grid Engine's SGE_ROOT, with the ports that its settings.sh has. Default: the environment's. */
  root: text.optional(),
  /** Grid Engine's SGE_CELL. Default: the environment's, or `default`. */
  cell: text.optional(),
  /** The port of Grid Engine's qmaster. Default: the settings' or the environment's. */
  qmasterPort: port.optional(),
  /** The port of Grid Engine's execd. Default: as above. */
  execdPort: port.optional(),
};

const OPTIONS = {
  ...COMMON,
  /** Whose options the library takes. Default: by what it says of itself. */
  dialect: z.enum(DIALECT_NAMES).optional(),
  /** The parallel environment of Grid Engine that pilots of several cores ask for. Default: one that fits. */
  pe: text.optional(),
  /** The resource of Grid Engine that `totalPhysicalMemory` asks for. Default: `mem_free`. */
  memory: text.optional(),
  /** The resource of Grid Engine that `agent.gpus` asks for. Default: `gpu`. */
  gpus: text.optional(),
  /** The directory of qstat, qacct and qconf. Default: they are looked for in PATH. */
  bin: text.optional(),
};

const OPTIONS2 = {
  ...COMMON,
  /** The binary layout of the library's structures. Default: by the functions that it has. */
  layout: z.enum(LAYOUT_NAMES).optional(),
  /** The name of the session, which is then never destroyed. Default: one of the connection's own. */
  session: text.optional(),
};

/** The query of a `drmaa://` URL. */
export const DrmaaOptions = z.strictObject(OPTIONS, { error: named(OPTIONS) });

/** The query of a `drmaa://` URL, read. */
export type DrmaaOptions = z.infer<typeof DrmaaOptions>;

/** The query of a `drmaa2://` URL. */
export const Drmaa2Options = z.strictObject(OPTIONS2, { error: named(OPTIONS2) });

/** The query of a `drmaa2://` URL, read. */
export type Drmaa2Options = z.infer<typeof Drmaa2Options>;

/** A URL, taken apart. */
export interface ReadUrl<Options> {
  /** The path of the library; undefined when the URL names none. */
  readonly library: string | undefined;
  readonly options: Options;
}

/**
 * Reads a URL.
 *
 * @throws PilotError `URL_INVALID`
 */
export function readUrl<Options>(rm: URL, schema: z.ZodType<Options>): ReadUrl<Options> {
  const scheme = rm.protocol.split(/[+:]/)[0] as string;
  if (rm.protocol !== `${scheme}:`) {
    throw urlError(
      rm,
      `${scheme}:// loads its library into a process of this machine`,
      `run your program where the library is, and write ${scheme}:///; by ssh there are slurm+ssh:// and ssh://`,
    );
  }
  if (rm.hostname !== '' && rm.hostname !== 'localhost') {
    const hint = `write ${scheme}:///path/of/the/library.so, or ${scheme}:/// for the one that is found`;
    throw urlError(rm, `${scheme}:// is about a library of this machine`, hint);
  }
  const path = decodeURIComponent(rm.pathname);
  return {
    library: path === '' || path === '/' ? undefined : path,
    options: readOptions(rm, schema),
  };
}

function readOptions<Options>(rm: URL, schema: z.ZodType<Options>): Options {
  const query: Record<string, string> = {};
  for (const [name, value] of rm.searchParams) {
    if (name in query) throw urlError(rm, `${name} stands there twice`);
    query[name] = value;
  }
  const { data, error } = schema.safeParse(query);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  throw urlError(rm, [issue?.path.join('.'), issue?.message].filter(Boolean).join(': '));
}

function named(options: object) {
  return (issue: { readonly code?: string; readonly keys?: readonly string[] }) => {
    if (issue.code !== 'unrecognized_keys') return undefined;
    const known = Object.keys(options).join(', ');
    return `there is no option ${issue.keys?.join(', ')}; there are ${known}`;
  };
}

function urlError(rm: URL, problem: string, hint?: string): PilotError {
  return new PilotError('URL_INVALID', problem, {
    subject: rm.href,
    ...(hint !== undefined && { hint }),
  });
}
