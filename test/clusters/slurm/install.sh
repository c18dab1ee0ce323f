#!/bin/sh
# Installs the Slurm that tests run against, if it is not there.
. "$(dirname "$0")/../base/install.sh"

missing() {
  absent_programs munged slurmctld slurmd slurmrestd sbatch srun squeue sinfo scontrol scancel sacct
  # Plugins have directories that differ from machine to machine; programs know theirs.
  for plugin in auth_jwt.so auth_munge.so jobcomp_filetxt.so; do
    [ -n "$(find /usr/lib /usr/lib64 -path "*slurm*" -name "$plugin" 2>/dev/null | head -n 1)" ] || printf '%s ' "$plugin"
  done
}

install_missing Slurm munge slurmctld slurmd slurm-client slurm-wlm-basic-plugins slurmrestd slurm-wlm-jwt-plugin
