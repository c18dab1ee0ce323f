import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../src/runtime/on-abort.ts';

describe('onAbort', () => {
  it('calls everybody once who has not taken it back, by one listener', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const heard: number[] = [];
    const offs = Array.from({ length: 20 }, (_, n) => onAbort(signal, () => heard.push(n)));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const off of offs.slice(2)) off();
    controller.abort();
    controller.abort();
    expect(heard).toEqual([0, 1]);
    for (const off of offs) off();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('leaves nothing at a signal that nobody waits for any more, and begins anew', () => {
    const controller = new AbortController();
    const heard: string[] = [];
    const hear = () => heard.push('given');
    const twice = [onAbort(controller.signal, hear), onAbort(controller.signal, hear)];
    for (const off of [...twice, ...twice]) off();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    onAbort(controller.signal, hear);
    twice[0]?.();
    controller.abort();
    expect(heard).toEqual(['given']);
  });
});
