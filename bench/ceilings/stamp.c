/*
 * A unit that says when it began: appends the time of the machine's monotonic clock, which Node's
 * process.hrtime reads too, in nanoseconds to the file that it is given.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  if (argc != 2) return 2;
  char line[32];
  int length = snprintf(line, sizeof line, "%lld\n", at.tv_sec * 1000000000LL + at.tv_nsec);
  int file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
  return file >= 0 && write(file, line, length) == length ? 0 : 1;
}
