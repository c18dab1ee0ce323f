/*
 * The ceiling for how soon a process begins: posix_spawn of the program that says when its main()
 * did (stamp.c), and nothing else.
 *
 *     start COUNT PAUSE_MS IN_TURN STAMP FILE
 *
 * After each pause as many as are to run in turn, the next when the one before has ended; prints
 * when each pause was over, in nanoseconds of the clock that the stamps are of.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  long count = atol(argv[1]);
  long milliseconds = atol(argv[2]);
  long in_turn = atol(argv[3]);
  struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  char *program[] = {argv[4], argv[5], NULL};
  for (long i = 0; i < count; i++) {
    struct timespec start;
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long j = 0; j < in_turn; j++) {
      pid_t pid;
      int status;
      if (posix_spawn(&pid, program[0], NULL, NULL, program, environ) != 0) return 1;
      if (wait4(pid, &status, 0, NULL) != pid || status != 0) return 1;
    }
    printf("%lld\n", start.tv_sec * 1000000000LL + start.tv_nsec);
  }
  return 0;
}
