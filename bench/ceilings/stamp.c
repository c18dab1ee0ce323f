/*
 * A unit that says when it began and when it was done: appends the time at which its main() began,
 * and that of its last act, to the file that it is given. In nanoseconds of the machine's monotonic
 * clock, which Node's process.hrtime reads too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

int main(int argc, char **argv) {
  long long began = now();
  if (argc != 2) return 2;
  int file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
  char line[64];
  int length = snprintf(line, sizeof line, "%lld %lld\n", began, now());
  return file >= 0 && write(file, line, length) == length ? 0 : 1;
}
