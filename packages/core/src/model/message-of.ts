/**
 * What an error says, and of what is no error the value. Whether it is an instance of Error is not asked: where a
 * test runner has globals of its own, errors of Node.js are none.
 */
export function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(error);
}
