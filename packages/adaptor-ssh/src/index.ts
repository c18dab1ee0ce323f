/** The adaptor for machines that are reached by ssh: `ssh://`, and `+ssh` for every other one. */
export { sshAdaptor } from './adaptor.ts';
