/*
 * The ceiling for starting processes: posix_spawn and wait4, N in flight, and nothing else.
 *
 *     spawn COUNT IN_FLIGHT PROGRAM    prints the seconds that it took
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  long left = atol(argv[1]);
  long in_flight = atol(argv[2]);
  char *program[] = {argv[3], NULL};
  double start = now();
  for (long running = 0; left > 0 || running > 0;) {
    pid_t pid;
    int status;
    struct rusage usage;
    if (left > 0 && running < in_flight) {
      if (posix_spawn(&pid, program[0], NULL, NULL, program, environ) != 0) return 1;
      left--;
      running++;
    } else {
      if (wait4(-1, &status, 0, &usage) < 0 || status != 0) return 1;
      running--;
    }
  }
  printf("%.6f\n", now() - start);
  return 0;
}
