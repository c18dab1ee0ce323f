import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAdaptor, type ResourceManager } from '../../../src/adaptor/adaptor.ts';
import { divideOptions } from '../../../src/service/resource-managers/resource-manager-url.ts';

const connect = async () => ({}) as ResourceManager;
const text = z.string().min(1).optional();
const queue = defineAdaptor({
  scheme: 'queue',
  attributes: [],
  connect,
  optionsSchema: z.strictObject({ lane: z.enum(['fast', 'slow']).optional(), both: text }),
});
const way = defineAdaptor({
  scheme: 'way',
  attributes: [],
  connect,
  optionsSchema: z.strictObject({ key: text, both: text }),
});
const plain = defineAdaptor({ scheme: 'plain', attributes: [], connect });

const divided = (query: string, adaptors = [queue, way] as const) =>
  divideOptions(new URL(`queue+way://me@far:22/path${query}`), adaptors).map(({ href }) => href);

describe('the options of a URL with two owners', () => {
  it('go to those whose they are', () => {
    expect(divided('?lane=fast&key=%2Fid')).toEqual([
      'queue+way://me@far:22/path?lane=fast',
      'queue+way://me@far:22/path?key=%2Fid',
    ]);
    expect(divided('')).toEqual(['queue+way://me@far:22/path', 'queue+way://me@far:22/path']);
  });

  it('go to both where both know them', () => {
    expect(divided('?both=x').every((href) => href.endsWith('?both=x'))).toBe(true);
  });

  it('are refused when nobody knows them, naming both', () => {
    expect(() => divided('?lane=fast&kye=x')).toThrow(
      'neither queue:// nor way:// has an option kye',
    );
    expect(() => divided('?lane=fast', [plain, way])).toThrow('neither plain:// nor way://');
  });

  it('are checked by their owners', () => {
    expect(() => divided('?lane=middle&key=x')).toThrow('lane');
    expect(() => divided('?lane=fast&key=')).toThrow('key');
    expect(divided('?key=x', [plain, way])[0]).toBe('queue+way://me@far:22/path');
  });
});
