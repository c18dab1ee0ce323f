/** DRMAA 1 inside of the helper process: what is asked in one message, as calls in C. */
import type { DrmaaErrorData } from '../errors.ts';
import type { Emit, NativeService } from '../helper/native-service.ts';
import { HandleTable } from '../native/handle-table.ts';
import { LoadedLibrary } from '../native/loaded-library.ts';
import { NativeError } from '../native/native-error.ts';
import type { NativeValue } from './attributes.ts';
import { type DiagnosedName, Drmaa1Functions, type Pointer, textOf } from './functions.ts';
import type { NativeJobStatus, NativeTemplate, NativeUsage, Told } from './native-words.ts';
import { DRMAA1_STATES } from './states.ts';

const TEMPLATE = 'job template';
const ANY_JOB = 'DRMAA_JOB_IDS_SESSION_ANY';
/** What a cell holds that the library has not written to. */
const UNTOUCHED = 0x7fff_ffff;
/** Job ids of task 1 of 5 and the like fit many times. */
const ID_BYTES = 1024;
/** The standard's text and the headers that are about do not agree. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  drmaa_run_duration_hlimit: ['drmaa_duration_hlimit', 'drmaa_durartion_hlimit'],
  drmaa_run_duration_slimit: ['drmaa_duration_slimit', 'drmaa_durartion_slimit'],
};
/** So many states are asked for at once: half of the threads. */
const AT_ONCE = 4;

/** Loads the library. */
export function open(path: string, _settings: unknown, _emit: Emit): NativeService {
  const service = new Drmaa1Service(
    new Drmaa1Functions(LoadedLibrary.load(path).mustBe('DRMAA 1')),
  );
  return { methods: service.methods, close: () => service.close() };
}

/** One library, with at most one session. */
class Drmaa1Service {
  readonly #c: Drmaa1Functions;
  readonly #templates = new HandleTable();
  #inSession = false;
  /** One question for names after the other. */
  #asked: Promise<unknown> = Promise.resolve();

  readonly methods = {
    describe: () => this.#describe(),
    contact: () => this.#c.text('get_contact'),
    names: (which: 'attribute' | 'vector_attribute') => this.#names(which),
    init: (contact: string) => this.#init(contact),
    exit: () => this.#exit(),
    allocate: (attributes: NativeTemplate) => this.#allocate(attributes),
    set: (template: number, attributes: NativeTemplate) =>
      this.#templates.use(template, TEMPLATE, (pointer) => this.#fill(pointer, attributes)),
    get: (template: number, name: string) =>
      this.#templates.use(template, TEMPLATE, (pointer) => this.#get(pointer, name)),
    delete: (template: number) => this.#templates.free(template),
    runJob: (template: number | NativeTemplate) =>
      this.#withTemplate(template, (pointer) => this.#runJob(pointer)),
    runBulkJobs: (template: number | NativeTemplate, start: number, end: number, step: number) =>
      this.#withTemplate(template, (pointer) => this.#runBulkJobs(pointer, start, end, step)),
    control: (id: string, action: number) => this.#c.call('control', id, action),
    jobPs: (ids: readonly string[]) => this.#jobPsOf(ids),
    wait: (id: string) => this.#wait(id),
    synchronize: (ids: readonly string[], dispose: boolean) => this.#synchronize(ids, dispose),
  };

  constructor(functions: Drmaa1Functions) {
    this.#c = functions;
  }

  async close(): Promise<void> {
    await this.#templates.freeAll();
    if (this.#inSession) await this.#exit();
  }

  /** What a library that can do less cannot tell is told when it is asked for. */
  async #describe() {
    const major = [0];
    const minor = [0];
    const version = async () => {
      await this.#c.call('version', major, minor);
      return { major: major[0] as number, minor: minor[0] as number };
    };
    return {
      version: await told(version()),
      drmSystem: await told(this.#c.text('get_DRM_system')),
      implementation: await told(this.#c.text('get_DRMAA_implementation')),
    };
  }

  /** Some libraries tell them only in a session; where there is none, one is there for as long as that. */
  #names(which: 'attribute' | 'vector_attribute'): Promise<string[]> {
    const names = async () => this.#c.all('attr_names', await this.#pointer(`get_${which}_names`));
    const asked = this.#asked.then(async () => {
      try {
        return await names();
      } catch (error) {
        if (!is(error, 'NO_ACTIVE_SESSION')) throw error;
      }
      await this.#init('');
      try {
        return await names();
      } finally {
        await this.#exit();
      }
    });
    this.#asked = asked.catch(() => {});
    return asked;
  }

  async #init(contact: string): Promise<string> {
    await this.#c.call('init', contact === '' ? null : contact);
    this.#inSession = true;
    return this.#c.text('get_contact');
  }

  async #exit(): Promise<void> {
    await this.#c.call('exit');
    this.#inSession = false;
  }

  async #allocate(attributes: NativeTemplate): Promise<number> {
    const pointer = await this.#newTemplate(attributes);
    return this.#templates.add(TEMPLATE, pointer, (template) => this.#delete(template));
  }

  async #newTemplate(attributes: NativeTemplate): Promise<Pointer> {
    const pointer = await this.#pointer('allocate_job_template');
    if (pointer === null) throw nothing('drmaa_allocate_job_template', this.#c.path);
    try {
      await this.#fill(pointer, attributes);
    } catch (error) {
      await this.#delete(pointer);
      throw error;
    }
    return pointer;
  }

  async #fill(pointer: Pointer, attributes: NativeTemplate): Promise<void> {
    for (const [name, value] of attributes) {
      try {
        await this.#set(pointer, name, value);
      } catch (error) {
        throw error instanceof NativeError ? error.of(name) : error;
      }
    }
  }

  async #set(pointer: Pointer, name: string, value: NativeValue): Promise<void> {
    if (typeof value !== 'string')
      return this.#c.call('set_vector_attribute', pointer, name, [...value, null]);
    const set = (as: string) => this.#c.call('set_attribute', pointer, as, value);
    let setting = set(name);
    for (const other of OTHER_NAMES[name] ?? [])
      setting = setting.catch((error) => {
        if (is(error, 'INVALID_ARGUMENT')) return set(other);
        throw error;
      });
    return setting;
  }

  /** Undefined for an attribute that has no value; libraries call that invalid. */
  async #get(pointer: Pointer, name: string): Promise<string | string[] | undefined> {
    try {
      if (!name.startsWith('drmaa_v_')) return await this.#c.text('get_attribute', [pointer, name]);
      return await this.#c.all(
        'attr_values',
        await this.#pointer('get_vector_attribute', pointer, name),
      );
    } catch (error) {
      if (is(error, 'INVALID_ATTRIBUTE_VALUE')) return undefined;
      throw error;
    }
  }

  #delete(pointer: Pointer): Promise<void> {
    return this.#c.call('delete_job_template', pointer);
  }

  async #withTemplate<T>(
    template: number | NativeTemplate,
    action: (pointer: Pointer) => Promise<T>,
  ): Promise<T> {
    if (typeof template === 'number')
      return this.#templates.use(template, TEMPLATE, (pointer) => action(pointer));
    const pointer = await this.#newTemplate(template);
    try {
      return await action(pointer);
    } finally {
      await this.#delete(pointer);
    }
  }

  #runJob(pointer: Pointer): Promise<string> {
    return this.#c.id('run_job', [], [pointer]);
  }

  async #runBulkJobs(
    pointer: Pointer,
    start: number,
    end: number,
    step: number,
  ): Promise<string[]> {
    const ids = await this.#pointer('run_bulk_jobs', pointer, start, end, step);
    try {
      const texts = await this.#c.all('job_ids', ids);
      return texts.map((id) => this.#c.checkedId('run_bulk_jobs', id));
    } catch (error) {
      // They have been handed over.
      throw error instanceof NativeError
        ? new NativeError({ ...error.data, inDoubt: true })
        : error;
    }
  }

  /** Some at a time, so that other calls find a thread between them. */
  async #jobPsOf(ids: readonly string[]): Promise<NativeJobStatus[]> {
    const told: NativeJobStatus[] = [];
    let next = 0;
    const askOn = async () => {
      while (next < ids.length) {
        const at = next;
        next += 1;
        told[at] = await this.#jobPs(ids[at] as string);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, askOn));
    return told;
  }

  async #jobPs(id: string): Promise<NativeJobStatus> {
    return told(
      (async () => {
        const number = await this.#c.number('job_ps', id);
        const state = DRMAA1_STATES.find((each) => each.number === number);
        if (state !== undefined) return state.name;
        const problem = `drmaa_job_ps answered state ${number}, which is none of DRMAA 1`;
        throw new NativeError({ code: 'ADAPTOR_FAILED', problem, call: 'drmaa_job_ps' });
      })(),
    );
  }

  /** Undefined while it has not ended: it never blocks. */
  async #wait(id: string): Promise<NativeUsage | undefined> {
    const jobId = Buffer.alloc(ID_BYTES);
    const stat = [UNTOUCHED];
    const rusage: [Pointer | null] = [null];
    try {
      await this.#c.call('wait', id, jobId, ID_BYTES, stat, 0, rusage);
    } catch (error) {
      if (is(error, 'EXIT_TIMEOUT')) return undefined;
      // It has ended; how, stands in its status at the most.
      if (!is(error, 'NO_RUSAGE')) throw error;
    }
    const values = rusage[0] === null ? undefined : await this.#c.all('attr_values', rusage[0]);
    return {
      jobId: id === ANY_JOB ? this.#c.checkedId('wait', textOf(jobId)) : id,
      ...(stat[0] === UNTOUCHED ? {} : await this.#status(stat[0] as number)),
      ...(values !== undefined && { usage: values }),
    };
  }

  async #status(stat: number): Promise<Partial<NativeUsage>> {
    const asks = async (name: DiagnosedName) => (await this.#c.number(name, stat)) !== 0;
    if (await asks('wifaborted')) return { aborted: true };
    if (await asks('wifexited'))
      return { exited: true, exitStatus: await this.#c.number('wexitstatus', stat) };
    if (!(await asks('wifsignaled'))) return {};
    const termSignal = await this.#c.text('wtermsig', [], [stat]);
    return { signaled: true, termSignal, coreDump: await asks('wcoredump') };
  }

  /** Whether all of them have ended: it never blocks. */
  async #synchronize(ids: readonly string[], dispose: boolean): Promise<boolean> {
    try {
      await this.#c.call('synchronize', [...ids, null], 0, dispose ? 1 : 0);
      return true;
    } catch (error) {
      if (is(error, 'EXIT_TIMEOUT')) return false;
      throw error;
    }
  }

  /** Calls a function that answers a pointer, where its first argument says but for a template's. */
  async #pointer(name: DiagnosedName, ...args: readonly unknown[]): Promise<Pointer | null> {
    const cell: [Pointer | null] = [null];
    if (name === 'get_vector_attribute') await this.#c.call(name, ...args, cell);
    else await this.#c.call(name, cell, ...args);
    return cell[0];
  }
}

async function told<T>(answer: Promise<T>): Promise<Told<T>> {
  try {
    return { value: await answer };
  } catch (error) {
    if (error instanceof NativeError) return { error: error.data };
    throw error;
  }
}

function is(error: unknown, name: DrmaaErrorData['drmaa']): boolean {
  return error instanceof NativeError && error.data.drmaa === name;
}

/** It says that all is well, and gives nothing. */
function nothing(call: string, subject: string): NativeError {
  const problem = `${call} answered nothing, and no error`;
  return new NativeError({ code: 'ADAPTOR_FAILED', problem, subject, call });
}
