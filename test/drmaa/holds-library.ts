/** A program that has entered a session, asks something of the library, and says so. */
import { loadDrmaa } from '@pstar/adaptor-drmaa';

const drmaa = await loadDrmaa(process.argv[2] as string);
const session = await drmaa.init();
session.jobPs('1').catch(() => {});
process.send?.(session.contact);
