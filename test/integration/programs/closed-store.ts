/** Opens a service in a directory that it may not write in, and prints the error. */
import { chmodSync } from 'node:fs';
import { PilotError, WorkUnitService } from '@pstar/core';
import { giveUpRoot } from '../../../packages/core/test/support/without-root.ts';

const [store = ''] = process.argv.slice(2);
giveUpRoot(store);
chmodSync(store, 0o500);
const error = await WorkUnitService.open({ store }).catch((problem: unknown) => problem);
process.stdout.write(JSON.stringify(error instanceof PilotError ? error.toData() : `${error}`));
