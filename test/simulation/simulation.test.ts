/** Half of the whole clusters that CI has time for; `simulation-2.test.ts` has the others. */
import { clusters } from './clusters.ts';

clusters(1);
