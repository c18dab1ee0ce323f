/**
 * Files where commands run, here or elsewhere. An adaptor that reads and writes by `RemoteFiles` what
 * its resource manager and the nodes are to see works from afar as well.
 */

/** What is at a path; of a symbolic link, what it leads to. */
export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other';
  /** Bytes. */
  readonly size: number;
  /** Permissions alone: `0o600`. */
  readonly mode: number;
}

/** How a file is to be. */
export interface FileMode {
  /** Its permissions from its first moment on, whatever the umask is; 0600 by default. */
  readonly mode?: number;
}

/**
 * The files of a place, by absolute paths.
 *
 * Every method rejects with a PilotError whose `subject` is the path and whose `problem` has the
 * system's word: `NOT_FOUND`, `PERMISSION_DENIED`, `ALREADY_EXISTS`, `ADAPTOR_FAILED` for all that
 * the system says besides; `TIMEOUT` and `CONNECTION_LOST` when the place does not answer.
 */
export interface RemoteFiles {
  read(path: string): Promise<Uint8Array>;
  /** Nobody ever sees half of it: it is written under another name, then takes the place of what was. */
  write(path: string, data: string | Uint8Array, options?: FileMode): Promise<void>;
  /** With its parents, all of that mode, 0700 by default; one that is there stays as it is. */
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** With all that is in it; nothing there is no error. */
  remove(path: string): Promise<void>;
  /** The names in a directory, sorted. */
  list(path: string): Promise<readonly string[]>;
  /** Undefined when nothing is there. */
  stat(path: string): Promise<FileStat | undefined>;
  /** A symbolic link at `path`. */
  symlink(target: string, path: string): Promise<void>;
  /** A file of this machine, as {@link RemoteFiles.write} does it. */
  upload(localPath: string, path: string, options?: FileMode): Promise<void>;
  /** Into a file of this machine, of mode 0600, under another name until it is whole. */
  download(path: string, localPath: string): Promise<void>;
}
