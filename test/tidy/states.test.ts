import { expect, it } from 'vitest';
import { withDrawings } from '../../tools/draw-states.ts';
import { read } from './repository.ts';

it('the state diagrams are those of the tables; `npm run docs:states` redraws them', () => {
  const text = read('ARCHITECTURE.md');
  expect(text).toBe(withDrawings(text));
});
