#!/bin/sh
# Installs the Slurm that tests run against, from Debian's or Ubuntu's packages, if it is not there.
# As root, or with sudo where that asks for no password; else it says what is missing, and fails.
set -eu
PATH=$PATH:/usr/sbin:/sbin

packages='munge slurmctld slurmd slurm-client slurm-wlm-basic-plugins slurmrestd slurm-wlm-jwt-plugin'

missing() {
  for program in munged slurmctld slurmd slurmrestd sbatch srun squeue sinfo scontrol scancel sacct; do
    command -v "$program" >/dev/null || printf '%s ' "$program"
  done
  # Plugins have directories that differ from machine to machine; programs know theirs.
  for plugin in auth_jwt.so auth_munge.so jobcomp_filetxt.so; do
    [ -n "$(find /usr/lib /usr/lib64 -path "*slurm*" -name "$plugin" 2>/dev/null | head -n 1)" ] || printf '%s ' "$plugin"
  done
}

absent=$(missing)
[ -n "$absent" ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root='sudo --non-interactive'
command -v apt-get >/dev/null || {
  echo "the tests need Slurm ($absent), and there is no apt-get to install it with" >&2
  exit 1
}
echo "installing Slurm ($absent) ..."
install() {
  # sudo does not hand the environment on.
  # shellcheck disable=SC2086 # both are lists of words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $packages
}
# What apt knows may be older than what there is.
install || { $as_root apt-get update && install; } || {
  echo "Slurm ($absent) could not be installed; run this as root: apt-get install $packages" >&2
  exit 1
}
absent=$(missing)
[ -z "$absent" ] || {
  echo "Slurm was installed, and yet there is no $absent" >&2
  exit 1
}
