import { describe, expect, it } from 'vitest';
import {
  parseAccounting,
  parseEnvironment,
  parseNames,
  parseQueue,
  parseReasons,
} from '../../../src/adaptor/gridengine/outputs.ts';
import { recorded } from '../support/recorded.ts';

describe('qstat -xml', () => {
  it('has a row for each native job', () => {
    const rows = parseQueue(recorded('qstat.xml'));
    expect(rows.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'run r',
      'susp s',
      'del dr',
      'wide qw',
      'bad Eqw',
      'bad2 Eqw',
      'held.p-1 hqw',
    ]);
    expect(rows[0]).toEqual({ id: '25', name: 'run', state: 'r', hosts: ['vm'] });
    expect(rows[3]?.hosts).toEqual([]);
  });

  it('has one row of what it shows slot by slot', () => {
    const rows = parseQueue(recorded('qstat-g-t.xml'));
    expect(rows.map(({ id }) => id)).toEqual(parseQueue(recorded('qstat.xml')).map(({ id }) => id));
    expect(rows[0]?.hosts).toEqual(['vm']);
    const two = recorded('qstat-g-t.xml').replace('all.q@vm', 'all.q@vm2');
    expect(parseQueue(two)[0]?.hosts).toEqual(['vm2', 'vm']);
  });

  it('has none when there is none, and is an error when it makes no sense', () => {
    expect(parseQueue(recorded('qstat-empty.xml'))).toEqual([]);
    for (const said of ['', 'lorem ipsum', '<html/>'])
      expect(() => parseQueue(said)).toThrow('makes no sense');
    const broken = recorded('qstat.xml').replace('<state>r</state>', '');
    expect(() => parseQueue(broken)).toThrow('makes no sense');
  });

  it('says why something is in an error state', () => {
    expect(parseReasons(recorded('qstat-j.xml'))).toEqual(
      new Map([
        ['29', "can't chdir to /nonexistent/dir: No such file or directory"],
        ['30', "can't chdir to /nonexistent/it's <it>: No such file or directory"],
      ]),
    );
    expect(() => parseReasons('')).toThrow('makes no sense');
  });
});

describe('qacct', () => {
  it('says how native jobs have ended', () => {
    expect(parseAccounting(recorded('qacct-three.txt'))).toEqual([
      { id: '32', name: 'three', failed: '0', exitCode: 3 },
    ]);
    expect(parseAccounting(recorded('qacct-killed.txt'))).toEqual([
      { id: '33', name: 'killed', failed: '100 : assumedly after job', signal: 'SIGKILL' },
    ]);
  });

  it('knows what was deleted by force, of which it says that all was well', () => {
    expect(parseAccounting(recorded('qacct-forced.txt'))).toEqual([
      { id: '45', name: 'lost1', failed: '0', isForced: true },
    ]);
  });

  it('has the script after what it has started on other hosts', () => {
    expect(parseAccounting(recorded('qacct-several.txt'))).toEqual([
      { id: '11', name: 'mn', failed: '0', exitCode: 5 },
    ]);
  });

  it('is an error when it makes no sense, and nothing when it is empty', () => {
    expect(parseAccounting('')).toEqual([]);
    const broken = recorded('qacct-three.txt').replace('jobnumber', 'jobnumbre');
    expect(() => parseAccounting(broken)).toThrow('qacct: an answer that makes no sense');
  });
});

describe('qconf', () => {
  it('shows parallel environments', () => {
    expect(
      ['smp', 'mpi', 'four'].map((name) => parseEnvironment(recorded(`qconf-${name}.txt`))),
    ).toEqual([
      { name: 'smp', allocationRule: '$pe_slots', controlSlaves: false },
      { name: 'mpi', allocationRule: '$fill_up', controlSlaves: true },
      { name: 'four', allocationRule: '4', controlSlaves: true },
    ]);
    expect(() => parseEnvironment('')).toThrow('makes no sense');
  });

  it('shows names', () => {
    expect(parseNames('all.q\nshort.q\n')).toEqual(['all.q', 'short.q']);
  });
});
