/** The other half of the clusters, at the same time on another core. */
import { clusters } from './clusters.ts';

clusters(2);
