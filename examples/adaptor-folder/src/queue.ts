/**
 * The queue: a directory with a file for each native job, which is moved from `waiting` to `running`
 * by whoever runs it, and has another written to `over` when it has ended.
 */
import { access, mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In the order that a native job goes through them. */
export const STAGES = ['waiting', 'running', 'over'] as const;
export type Stage = (typeof STAGES)[number];

/** What the file in `over` holds. */
export interface Ending {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly canceled?: boolean;
}

/** What both sides do with the files. */
export class Queue {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  path(stage: Stage | 'cancel', id: string): string {
    return join(this.directory, stage, id);
  }

  async make(): Promise<void> {
    for (const stage of [...STAGES, 'cancel']) {
      await mkdir(join(this.directory, stage), { recursive: true, mode: 0o700 });
    }
  }

  /** The oldest first. What begins with a dot is still being written. */
  async list(stage: Stage): Promise<string[]> {
    const names = await readdir(join(this.directory, stage));
    return names.filter((name) => !name.startsWith('.')).sort();
  }

  /** What is to run next: the first, if its time has come. */
  async next(): Promise<string | undefined> {
    const [id] = await this.list('waiting');
    return id !== undefined && Number.parseInt(id, 10) <= Date.now() ? id : undefined;
  }

  /** Puts a file there as a whole: nobody sees half of it. */
  async put(stage: Stage | 'cancel', id: string, text: string): Promise<void> {
    const unfinished = this.path(stage, `.${id}`);
    await writeFile(unfinished, text, { mode: 0o600 });
    await rename(unfinished, this.path(stage, id));
  }

  /** Whether it was still waiting: of all who try, one alone succeeds. */
  async take(id: string): Promise<boolean> {
    return succeeds(rename(this.path('waiting', id), this.path('running', id)));
  }

  /** Whether it was still waiting, and never runs. */
  async withdraw(id: string): Promise<boolean> {
    return succeeds(unlink(this.path('waiting', id)));
  }

  /** Whether somebody wants it ended while it runs. */
  isToCancel(id: string): Promise<boolean> {
    return succeeds(access(this.path('cancel', id)));
  }

  async ending(id: string): Promise<Ending> {
    return JSON.parse(await readFile(this.path('over', id), 'utf8')) as Ending;
  }
}

/** Whether the file was there. */
async function succeeds(action: Promise<void>): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
