#!/bin/sh
# Installs the OpenSSH that tests run against, if it is not there. The system's own server is not started
# by this, nor kept from being.
. "$(dirname "$0")/../base/install.sh"

missing() {
  absent_programs sshd ssh scp ssh-keygen ssh-agent unshare nsenter perl
}

install_missing OpenSSH openssh-server openssh-client util-linux perl
