/** The adaptor for machines that are reached by ssh, `ssh://`, and the gateway for other adaptors, `+ssh`. */
export { sshAdaptor } from './adaptor.ts';
