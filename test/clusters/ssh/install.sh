#!/bin/sh
# Installs the OpenSSH that tests run against, from Debian's or Ubuntu's packages, if it is not there.
# As root, or with sudo where that asks for no password; else it says what is missing, and fails. The
# system's own server is not started by this, nor kept from being.
set -eu
PATH=$PATH:/usr/sbin:/sbin

packages='openssh-server openssh-client util-linux'

missing() {
  for program in sshd ssh scp ssh-keygen ssh-agent unshare nsenter perl; do
    command -v "$program" >/dev/null || printf '%s ' "$program"
  done
}

absent=$(missing)
[ -n "$absent" ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root='sudo --non-interactive'
command -v apt-get >/dev/null || {
  echo "the tests need OpenSSH ($absent), and there is no apt-get to install it with" >&2
  exit 1
}
echo "installing OpenSSH ($absent) ..."
# Packages ask this before they start what they install; 101 says no. Who has a policy keeps it.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  # shellcheck disable=SC2016 # it is a script
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  trap '$as_root rm -f "$policy"' EXIT
fi
install() {
  # sudo does not hand the environment on.
  # shellcheck disable=SC2086 # both are lists of words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $packages
}
# What apt knows may be older than what there is.
install || { $as_root apt-get update && install; } || {
  echo "OpenSSH ($absent) could not be installed; run this as root: apt-get install $packages" >&2
  exit 1
}
absent=$(missing)
[ -z "$absent" ] || {
  echo "OpenSSH was installed, and yet there is no $absent" >&2
  exit 1
}
