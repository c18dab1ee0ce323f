/** The functions of called.ts as those that travel. */
import { defineTask } from '@pstar/core';
import { nothing, spin, touch } from './called.ts';

export const nothingTask = defineTask(import.meta.url, 'nothingTask', nothing);
export const spinTask = defineTask(import.meta.url, 'spinTask', spin);
export const touchTask = defineTask(import.meta.url, 'touchTask', touch);
