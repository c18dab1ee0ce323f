import { describe, expect, it } from 'vitest';
import { addressText, readRestAddress } from '../src/rest-address.ts';

const read = (url: string) => readRestAddress(new URL(url));

describe('the address of slurmrestd', () => {
  it.each([
    ['slurm+unix:///run/slurmrestd.sock', { socketPath: '/run/slurmrestd.sock' }],
    ['slurm+unix:///a%20b/c.sock?partition=p', { socketPath: '/a b/c.sock' }],
    ['slurm+http://login', { secure: false, host: 'login', port: 6820 }],
    ['slurm+http://ann@login:8080/?qos=q', { secure: false, host: 'login', port: 8080 }],
    ['slurm+http://[::1]:8080', { secure: false, host: '::1', port: 8080 }],
    ['slurm+https://slurm.example', { secure: true, host: 'slurm.example', port: 443 }],
  ])('is read from %s', (url, address) => {
    expect(read(url)).toEqual(address);
  });

  it.each([
    ['slurm+unix://run/slurmrestd.sock', 'the path of the socket is missing'],
    ['slurm+unix:///', 'the path of the socket is missing'],
    ['slurm+http:///', 'the host of slurmrestd is missing'],
    ['slurm+http://login/slurm/v0.0.38', 'slurmrestd has no path /slurm/v0.0.38'],
    ['slurm+http://login?conf=/etc/slurm.conf', "conf is about Slurm's commands"],
    ['slurm+unix:///s.sock?bin=/opt', "bin is about Slurm's commands"],
    ['slurm+https://login?cluster=big', "cluster is about Slurm's commands"],
  ])('is refused in %s', (url, problem) => {
    expect(() => read(url)).toThrow(
      expect.objectContaining({ code: 'URL_INVALID', problem, subject: url }),
    );
  });

  it('is shown as people know it', () => {
    const texts = ['slurm+unix:///s.sock', 'slurm+http://[::1]', 'slurm+https://h:1'];
    const shown = texts.map((text) => addressText(read(text)));
    expect(shown).toEqual(['/s.sock', 'http://[::1]:6820', 'https://h:1']);
  });
});
