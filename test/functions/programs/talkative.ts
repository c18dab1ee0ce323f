/** Functions that say a lot at once. */
import type { TaskContext } from '@pstar/core';

export function prints(length: number): number {
  console.info('y'.repeat(length));
  return length;
}

export function complains(length: number): number {
  console.error('y'.repeat(length));
  return length;
}

export function logs(length: number, { log }: TaskContext): number {
  log('y'.repeat(length));
  return length;
}

export function tells(length: number, { progress }: TaskContext): number {
  progress(0.5, 'y'.repeat(length));
  return length;
}

export function fails(length: number): never {
  const text = 'y'.repeat(length);
  throw Object.assign(new Error(text, { cause: new Error(text) }), { name: text, code: text });
}
