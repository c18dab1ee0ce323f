/**
 * Draws the transition tables of the model into ARCHITECTURE.md, between the markers named after
 * them. `npm run docs:states` rewrites the drawings; test/tidy fails when they are not current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  PILOT_JOB_STATES,
  PILOT_JOB_TRANSITIONS,
} from '../packages/core/src/model/pilot-job-state.ts';
import {
  WORK_UNIT_STATES,
  WORK_UNIT_TRANSITIONS,
} from '../packages/core/src/model/work-unit-state.ts';

const document = fileURLToPath(new URL('../ARCHITECTURE.md', import.meta.url));

function draw<State extends string>(
  states: readonly State[],
  transitions: Readonly<Record<State, readonly State[]>>,
): string {
  const lines = [`[*] --> ${states[0]}`];
  for (const state of states) {
    const next = transitions[state];
    if (next.length === 0) lines.push(`${state} --> [*]`);
    for (const following of next) lines.push(`${state} --> ${following}`);
  }
  return ['```mermaid', 'stateDiagram-v2', ...lines.map((line) => `  ${line}`), '```'].join('\n');
}

const drawings = {
  'work-unit-states': draw(WORK_UNIT_STATES, WORK_UNIT_TRANSITIONS),
  'pilot-job-states': draw(PILOT_JOB_STATES, PILOT_JOB_TRANSITIONS),
};

/** The text with every drawing as the tables have it now. */
export function withDrawings(text: string): string {
  let result = text;
  for (const [name, drawing] of Object.entries(drawings)) {
    const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [result.indexOf(start), result.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`ARCHITECTURE.md has no ${start} … ${end}`);
    result = `${result.slice(0, from)}${start}\n\n${drawing}\n\n${result.slice(to)}`;
  }
  return result;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(document, withDrawings(readFileSync(document, 'utf8')));
}
