import { describe, expect, it } from 'vitest';
import { Drmaa2Options, DrmaaOptions, readUrl } from '../../src/adaptor/url.ts';

const read = (url: string) => readUrl(new URL(url), DrmaaOptions);

describe('a drmaa:// URL', () => {
  it('names a library or leaves it to be found', () => {
    expect(read('drmaa://')).toEqual({ library: undefined, options: {} });
    expect(read('drmaa:///')).toEqual({ library: undefined, options: {} });
    expect(read('drmaa:///opt/a%20b/libdrmaa.so?poll=2&qmasterPort=6444')).toEqual({
      library: '/opt/a b/libdrmaa.so',
      options: { poll: 2, qmasterPort: 6444 },
    });
  });

  it.each([
    ['drmaa:///?que=x', /there is no option que; there are queue, project/],
    ['drmaa:///?layout=ogf', /there is no option layout/],
    ['drmaa:///?poll=1&poll=2', /poll stands there twice/],
    ['drmaa:///?dialect=sge', /dialect: /],
    ['drmaa:///?execdPort=0', /execdPort: /],
    ['drmaa://login.example/', /library of this machine.*write drmaa:\/\/\/path/],
    ['drmaa+ssh://login.example/', /loads its library into a process of this machine.*slurm\+ssh/],
  ])('%s is refused', (url, message) => {
    expect(() => read(url)).toThrow(message);
  });

  it('has options of its own with drmaa2://', () => {
    const { options } = readUrl(new URL('drmaa2:///l.so?layout=uge&session=mine'), Drmaa2Options);
    expect(options).toEqual({ layout: 'uge', session: 'mine' });
    expect(() => readUrl(new URL('drmaa2:///?pe=x'), Drmaa2Options)).toThrow('no option pe');
  });
});
