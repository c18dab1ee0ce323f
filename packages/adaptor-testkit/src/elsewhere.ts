/** A machine besides this one, as far as files go: `/a` there is a file below a directory here. */
import { localCommandRunner, type RemoteFiles } from '@pstar/core/adaptor';

/** The files of the machine whose root that directory is. */
export function filesBelow(root: string): RemoteFiles {
  const { files } = localCommandRunner();
  const at = (path: string) => `${root}${path}`;
  return {
    read: (path) => files.read(at(path)),
    write: (path, data, options) => files.write(at(path), data, options),
    makeDirectory: (path, mode) => files.makeDirectory(at(path), mode),
    remove: (path) => files.remove(at(path)),
    list: (path) => files.list(at(path)),
    stat: (path) => files.stat(at(path)),
    symlink: (target, path) => files.symlink(target, at(path)),
    upload: (localPath, path, options) => files.upload(localPath, at(path), options),
    download: (path, localPath) => files.download(at(path), localPath),
  };
}
