/**
 * Files where commands run, here or elsewhere. An adaptor that reads and writes by `RemoteFiles` what
 * its resource manager and the nodes are to see works from afar as well.
 */

/** What is known of a file. */
export interface FileFacts {
  /** Bytes. */
  readonly size: number;
  /** Permissions alone: `0o600`. */
  readonly mode: number;
  readonly isDirectory: boolean;
}

/** How a file is to be. */
export interface FileOptions {
  /** Its permissions, from its first moment on and whatever the umask is; 0600 by default. */
  readonly mode?: number;
}

/**
 * The files of a place, by absolute paths.
 *
 * Every method rejects with a PilotError that names the path, with the host as its subject:
 * `NOT_FOUND`, `PERMISSION_DENIED`, `ALREADY_EXISTS`; `ADAPTOR_FAILED` with the system's own word for
 * all else; `TIMEOUT` and `CONNECTION_LOST` when the place does not answer.
 */
export interface RemoteFiles {
  read(path: string): Promise<Uint8Array>;
  /** Nobody ever sees half of it: it is written under another name, and then takes its place. */
  write(path: string, data: string | Uint8Array, options?: FileOptions): Promise<void>;
  /** With those above it, as far as they are not there; 0700 by default. */
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** With all that is in it; nothing there is no error. Of a link, the link. */
  remove(path: string): Promise<void>;
  /** The names in a directory, sorted. */
  list(path: string): Promise<readonly string[]>;
  /** Undefined when nothing is there; of a link, what is known of the link. */
  stat(path: string): Promise<FileFacts | undefined>;
  /** Makes a symbolic link. */
  symlink(target: string, path: string): Promise<void>;
  /** Brings a file of this machine there, as {@link RemoteFiles.write} does. */
  upload(localPath: string, path: string, options?: FileOptions): Promise<void>;
  /** Fetches a file into one of this machine, of mode 0600, that has its name once it is whole. */
  download(path: string, localPath: string): Promise<void>;
}
