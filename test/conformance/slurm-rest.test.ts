/** `slurm+unix://` keeps what adaptors promise, through a real slurmrestd. */
import { withoutCommands } from './excuses.ts';
import { describeSlurmConformance } from './on-slurm.ts';

const NO_COMMANDS =
  'it asks over HTTP: tests of the client and of the connection try what goes wrong there';
describeSlurmConformance('slurm+unix://', ({ restSocket }) => `slurm+unix://${restSocket}?poll=1`, {
  cannot: {
    ...withoutCommands(NO_COMMANDS),
    'attributes:accepted':
      'v0.0.38 has no field for --exclude and --nodelist: what names nodes is refused',
  },
});
