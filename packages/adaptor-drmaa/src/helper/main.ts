/**
 * The helper process: it loads one library, does what it is asked, and ends with the program that
 * started it, whatever the library is doing. It runs from a bundle of its own.
 */
import type { DrmaaErrorData } from '../errors.ts';
import { NativeError } from '../native/native-error.ts';
import { forCall, recordTo } from '../native/under-way.ts';
import type { NativeService, OpenService } from './native-service.ts';
import { type FromHelper, RECORD_FD, type ServiceKind, type ToHelper } from './protocol.ts';

const SERVICES: Record<ServiceKind, () => Promise<{ readonly open: OpenService }>> = {
  drmaa1: () => import('../drmaa1/native-service.ts'),
  drmaa2: () => import('../drmaa2/native-service.ts'),
};
/** How long the library has to leave its session when the program is gone. */
const LEAVE_MS = 2_000;

let service: NativeService | undefined;
let leaving = false;

function send(message: FromHelper): void {
  // Without a connection there is nobody to tell; 'disconnect' ends this process.
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}

function dataOf(error: unknown): DrmaaErrorData {
  if (error instanceof NativeError) return error.data;
  const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'ADAPTOR_FAILED', problem: `the helper process failed: ${problem}` };
}

async function open(message: ToHelper & { type: 'open' }): Promise<void> {
  try {
    const { open } = await SERVICES[message.kind]();
    const emit = (name: string, data: unknown) => send({ type: 'event', name, data });
    service = await open(message.library, message.settings, emit);
    send({ type: 'opened' });
  } catch (error) {
    send({ type: 'opened', error: dataOf(error) });
  }
}

async function call(method: string, args: readonly unknown[]): Promise<unknown> {
  const found = service?.methods[method];
  if (found === undefined) throw new Error(`no method ${method}`);
  return found(...(args as never[]));
}

function answer({ id, method, args }: ToHelper & { type: 'call' }): void {
  forCall(id, () => call(method, args)).then(
    (value) => send({ type: 'result', id, value }),
    (error) => send({ type: 'error', id, error: dataOf(error) }),
  );
}

/**
 * Ends this process. By a signal, because Node's own way out waits for calls into the library that
 * may never return, and then unloads what still has threads.
 */
function end(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable');
}

async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  setTimeout(end, LEAVE_MS);
  try {
    await service?.close();
  } finally {
    if (process.connected)
      process.send?.({ type: 'closed' } satisfies FromHelper, undefined, {}, end);
    else end();
  }
}

function receive(message: ToHelper): void {
  switch (message.type) {
    case 'open':
      void open(message);
      break;
    case 'call':
      answer(message);
      break;
    case 'post':
      call(message.method, message.args).catch((error) => {
        process.stderr.write(`${message.method}: ${dataOf(error).problem}\n`);
      });
      break;
    case 'close':
      leave().catch(end);
      break;
  }
}

recordTo(RECORD_FD);
process.on('message', receive);
process.on('disconnect', () => void leave().catch(end));
