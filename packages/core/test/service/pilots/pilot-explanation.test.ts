import { describe, expect, it } from 'vitest';
import type { PilotRecord } from '../../../src/manager/pilot-record.ts';
import type { ParsedPilotJobDescription } from '../../../src/model/pilot-job-description.ts';
import { explainPilot } from '../../../src/service/pilots/pilot-explanation.ts';
import { PilotWorld, plan } from '../../manager/pilot-world.ts';

const file = '/store/agent.log';

function local(description: ParsedPilotJobDescription = {}): PilotWorld {
  const own = { ...plan, rm: 'local://', type: 'local', description };
  return new PilotWorld().tell({ type: 'create', pilot: 'p', plan: own });
}

function explain({ pilot }: PilotWorld, tail = ''): string[] {
  return explainPilot(pilot as PilotRecord, { file, tail })
    .toString()
    .split('\n');
}

describe('a pilot that waits', () => {
  it.each(['PENDING (Resources)', 'PENDING (Priority)'])(
    'for others, %s, may ask for less',
    (detail) => {
      const world = new PilotWorld().create().accept().native('Pending', detail);
      expect(explain(world).slice(1)).toEqual([
        '  waits for slurm:// to start it',
        '  would help: ask for less, or for another queue',
      ]);
    },
  );

  it.each([
    'PENDING',
    'PENDING (BeginTime)',
    'PENDING (Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions)',
  ])('for what less does not change, %s, can but wait', (detail) => {
    const world = new PilotWorld().create().accept().native('Pending', detail);
    expect(explain(world).slice(1)).toEqual([
      '  waits for slurm:// to start it',
      '  would help: wait',
    ]);
  });

  it('in vain may know the way out', () => {
    const detail = 'PENDING (AssocMaxJobsLimit)';
    const report = { id: '17', state: 'Pending', detail, hint: 'end others' } as const;
    const world = new PilotWorld().create().accept();
    expect(explain(world.tell({ type: 'native', pilot: 'p', report }))).toEqual([
      `Pending: slurm: ${detail}; it will not run as it stands: end others`,
      '  waits for somebody to change what keeps it',
      '  would help: end others',
    ]);
  });

  it('for a resource manager that does not know of it may know the way out', () => {
    const report = { id: '17', state: 'Unknown', detail: 'dr', hint: 'delete it' } as const;
    const world = new PilotWorld().running().silent();
    expect(explain(world.tell({ type: 'native', pilot: 'p', report })).slice(1)).toEqual([
      '  waits for slurm:// to know of it',
      '  would help: delete it',
    ]);
  });

  it('out of touch with what runs may know the way out', () => {
    const report = { id: '17', state: 'Running', detail: 'no connection', hint: 'end x' } as const;
    const world = new PilotWorld().running().silent();
    expect(explain(world)).toContain(
      '  would help: check the network between this host and its nodes',
    );
    expect(explain(world.tell({ type: 'native', pilot: 'p', report }))).toContain(
      '  would help: end x',
    );
  });

  it('at a resource manager that does not answer waits for that first', () => {
    const { pilot } = new PilotWorld().create().accept().native('Pending');
    const trouble = 'Unable to contact slurm controller';
    const explanation = explainPilot(pilot as PilotRecord, { file, tail: '' }, trouble);
    expect(`${explanation}`).toContain(
      `  waits for slurm:// to answer: ${trouble}\n  waits for slurm:// to start it`,
    );
    expect(explanation.details).toMatchObject({ trouble });
  });

  it('on this machine waits for its agent alone', () => {
    expect(explain(local()).slice(1)).toEqual(['  waits for local:// to accept it']);
    const waits = '  waits for its agent to register, for 1m at most';
    expect(explain(local().accept()).slice(1)).toEqual([waits]);
    expect(explain(local().accept().native('Running')).slice(1)).toEqual([waits]);
  });

  it('for an agent elsewhere has its node looked at', () => {
    expect(explain(new PilotWorld().create().accept().native('Running'), 'hello')).toContain(
      '  would help: check that its node reaches this host',
    );
  });
});

describe('a pilot that failed', () => {
  const fail = (world: PilotWorld) => world.accept().native('Failed', 'exit code 3');

  it('shows what its agent has written, or says where nothing is', () => {
    expect(explain(fail(local()), 'no libfoo\n')).toEqual([
      'Failed: it ended before its agent had registered; local: exit code 3',
      '  would help: see what the agent has written',
      '  would help: create another pilot',
      '  last output:',
      '    no libfoo',
    ]);
    expect(explain(fail(local()))).toEqual([
      'Failed: it ended before its agent had registered; local: exit code 3; ' +
        'its agent has written nothing to /store/agent.log',
      '  would help: create another pilot',
    ]);
  });

  it('shows the last ten lines, and where the others are', () => {
    const written = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`);
    const shown = (count: number) => {
      const lines = explain(fail(local()), `${written(count).join('\n')}\n`);
      return lines.slice(lines.indexOf('  last output:') + 1).map((line) => line.trim());
    };
    expect(shown(10)).toEqual(written(10));
    expect(shown(11)).toEqual([
      '(at least 1 more line before these in /store/agent.log)',
      ...written(11).slice(1),
    ]);
    expect(shown(40)[0]).toBe('(at least 30 more lines before these in /store/agent.log)');
  });

  it('shows of a long stack trace what is wrong, and not where', () => {
    const said = "Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/pilot/hook.mjs'";
    const frames = Array.from({ length: 9 }, (_, i) => `    at frame${i} (node:internal:${i})`);
    const code = ["  code: 'ERR_MODULE_NOT_FOUND'", '}'];
    const written = ['node:internal/resolve:275', '    throw new Error()', said, ...frames];
    const lines = explain(fail(local()), [...written, ...code, ''].join('\n'));
    expect(lines.slice(lines.indexOf('  last output:') + 1)).toEqual(
      [
        '(at least 9 more lines before and between these in /store/agent.log)',
        ...written.slice(0, 3),
        ...code,
      ].map((line) => `    ${line}`),
    );
  });

  it('on this machine is advised on what it was given', () => {
    expect(explain(fail(local({ agent: { node: '/old/node' } }))).slice(1)).toEqual([
      '  would help: check that agent.node is Node.js 20.19 or newer, or leave it out',
    ]);
  });

  it('names first what may have ended its script without a word', () => {
    const description = { initCommands: ['exit 3'] };
    const check =
      '  would help: check the initCommands: one may have ended the script before the agent ' +
      '(no `exit`, no `exec`)';
    expect(explain(fail(local(description))).slice(1)).toEqual([
      check,
      '  would help: create another pilot',
    ]);
    expect(explain(fail(local({ ...description, agent: { node: '/old/node' } })))[1]).toBe(check);
    const elsewhere = new PilotWorld().tell({
      type: 'create',
      pilot: 'p',
      plan: { ...plan, description },
    });
    expect(explain(elsewhere.accept().native('Done', 'COMPLETED')).slice(1)).toEqual([
      check,
      '  would help: check that Node.js 20.19 or newer is on the node (agent.node, initCommands)',
      '  would help: check that the node reaches this host (listen)',
    ]);
    expect(explain(fail(local({ initCommands: [] })))).not.toContain(check);
  });

  it('elsewhere is advised on the node and the way to it', () => {
    expect(explain(fail(new PilotWorld().create())).slice(1)).toEqual([
      '  would help: check that Node.js 20.19 or newer is on the node (agent.node, initCommands)',
      '  would help: check that the node reaches this host (listen)',
    ]);
  });

  it('after its agent had worked needs a successor', () => {
    const world = new PilotWorld().running().silent().native('Failed', 'NODE_FAIL');
    expect(explain(world).slice(1)).toEqual(['  would help: create another pilot']);
  });
});

it('tells how a pilot that is stopped goes on', () => {
  const stopped = local().accept().native('Running').join().native('Suspended');
  expect(explain(stopped).slice(1)).toEqual([
    '  waits for its process to go on',
    '  would help: send it SIGCONT',
  ]);
});
