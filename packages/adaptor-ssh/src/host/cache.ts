/**
 * Brings files into the cache of a host: under temporary names, checked over there, and then renamed. So
 * nobody ever finds half of one, and others who do the same do no harm.
 */
import { randomBytes } from 'node:crypto';
import {
  AdaptorError,
  approximateSize,
  type CommandRunner,
  PilotError,
  shellQuote,
} from '@pstar/core/adaptor';
import type { LocalFile } from './local-files.ts';
import { answers, calls, SHELL_FUNCTIONS } from './shell-functions.ts';

const TIMEOUT_MS = 120_000;

/**
 * Puts files into a directory over there, all at the same time.
 *
 * @throws PilotError that says how much room there is, where that is the reason
 */
export async function putInCache(
  runner: CommandRunner,
  cache: string,
  files: readonly LocalFile[],
): Promise<void> {
  if (files.length === 0) return;
  const drafts = files.map((file) => ({
    file,
    draft: `${cache}/.${file.name}.${randomBytes(6).toString('hex')}`,
  }));
  try {
    await Promise.all(
      drafts.map(({ file, draft }) => runner.files.upload(file.path, draft, { mode: file.mode })),
    );
    const script = adoptScript(
      drafts.map(({ file, draft }) => [draft, `${cache}/${file.name}`, file.hash]),
    );
    const { stdout } = await runner.run(['/bin/sh', '-s'], {
      input: script,
      timeoutMs: TIMEOUT_MS,
    });
    const damaged = answers(stdout).find(([word]) => word !== 'adopted');
    const said = answers(stdout).length;
    if (damaged === undefined && said === files.length) return;
    const words = damaged?.slice(1).join(' ') || 'what arrived is not what was sent';
    throw new AdaptorError('ADAPTOR_FAILED', words, { subject: runner.host });
  } catch (error) {
    throw await explained(error, runner, cache, drafts);
  }
}

function adoptScript(files: readonly (readonly string[])[]): string {
  return `${SHELL_FUNCTIONS}
adopt() {
  if [ "$(hash_of "$1")" != "$3" ]; then
    rm -f "$1"
    say damaged
  elif problem=$(mv -f "$1" "$2" 2>&1); then
    say adopted
  else
    say refused "$problem"
  fi
}
${calls('adopt', files)}`;
}

/** A server of SFTP says only that it has failed: the way out depends on why. */
async function explained(
  error: unknown,
  runner: CommandRunner,
  cache: string,
  drafts: readonly { readonly file: LocalFile; readonly draft: string }[],
): Promise<unknown> {
  const isLost = error instanceof PilotError && ['CONNECTION_LOST', 'TIMEOUT'].includes(error.code);
  if (isLost) return error;
  const needed = drafts.reduce((sum, { file }) => sum + file.size, 0);
  const paths = drafts.map(({ draft }) => shellQuote(draft)).join(' ');
  const script = `rm -f ${paths}\ndf -Pk ${shellQuote(cache)} | tail -n 1\n`;
  const answer = await runner.run(['/bin/sh', '-s'], { input: script }).catch(() => undefined);
  const [, free = '', place = cache] = /(\d+)\s+\d+%\s+(\S.*)\s*$/.exec(answer?.stdout ?? '') ?? [];
  if (free === '' || Number(free) * 1024 > needed) return error;
  const sizes = `${approximateSize(Number(free) * 1024)} free, and ${approximateSize(needed)} needed`;
  return new AdaptorError('ADAPTOR_FAILED', `${place.trim()} is full over there: ${sizes}`, {
    subject: runner.host,
    hint:
      "make room, or name another directory by agent: { scratch: '/path' } or by XDG_CACHE_HOME " +
      'over there',
    cause: error,
  });
}
