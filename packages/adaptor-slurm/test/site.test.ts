import { expect, it } from 'vitest';
import { siteDefaults } from '../src/site.ts';

it('reads what a site gives to every pilot', () => {
  expect(siteDefaults({})).toEqual({ options: [], initCommands: [] });
  const environment = {
    PSTAR_SLURM_SBATCH_OPTIONS: '-C haswell --export=NONE',
    PSTAR_SLURM_INIT_COMMANDS: '. /etc/profile.d/modules.sh\n\n module load nodejs\n',
  };
  expect(siteDefaults(environment)).toEqual({
    options: [
      ['constraint', 'haswell'],
      ['export', 'NONE'],
    ],
    initCommands: ['. /etc/profile.d/modules.sh', 'module load nodejs'],
  });
  expect(() => siteDefaults({ PSTAR_SLURM_SBATCH_OPTIONS: '--wrap=true' })).toThrow(
    '(PSTAR_SLURM_SBATCH_OPTIONS)',
  );
});
