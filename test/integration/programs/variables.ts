/** What a worker has in its environment. */
export function variable(name: string): string {
  return process.env[name] ?? '';
}
