/** Which names a tree that comes from another machine may have: none that leads out of it. */

/** The directory that a name within a tree is in; '' for the tree's own. */
export function parentOf(name: string): string {
  const slash = name.lastIndexOf('/');
  return slash < 0 ? '' : name.slice(0, slash);
}

/** Whether it names one entry of a directory. */
export function isEntryName(name: string): boolean {
  return (
    name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0')
  );
}

/** Whether it names something below a tree's top. */
export function isNameWithin(name: string): boolean {
  // Asked for each of many files, nearly all of which are right beneath the top.
  return name.includes('/') ? name.split('/').every(isEntryName) : isEntryName(name);
}
