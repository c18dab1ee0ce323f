/** Functions for tests of maps. */
import { defineTask } from '../../../src/functions/task.ts';

export const double = defineTask(import.meta.url, 'double', (value: number) => value * 2);
export const size = defineTask(import.meta.url, 'size', (bytes: Uint8Array) => bytes.length);
