/** Dies by SIGKILL with its warden in place, which is to leave a note. */
import { Warden } from '../../../src/executor/warden.ts';

const [directory = '', file = '', wantedWhile = ''] = process.argv.slice(2);
new Warden(directory, { file, wantedWhile });
process.kill(process.pid, 'SIGKILL');
