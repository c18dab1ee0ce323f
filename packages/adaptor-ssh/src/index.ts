/** The adaptor for machines that are reached by ssh: `ssh://`, and `+ssh` for every other one. */
export type {
  ChannelEnd,
  RemoteAddress,
  SshChannel,
  SshHost,
  SshState,
  SshTarget,
  Tunnel,
} from './connection/ssh-host.ts';
