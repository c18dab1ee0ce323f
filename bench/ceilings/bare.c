/*
 * As stamp.c, but without a C library, and so without a loader: when it began is when the kernel had
 * made a process of it and ran its first instruction.
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");

static long call(long number, long a, long b, long c, long d) {
  register long fourth __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(a), "S"(b), "d"(c), "r"(fourth)
                   : "rcx", "r11", "memory");
  return number;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: mov x0, sp\n bl begin\n");

static long call(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "its system calls are not written for this processor"
#endif

/** The machine's monotonic clock, in nanoseconds. */
static long now(void) {
  struct timespec at;
  call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&at, 0, 0);
  return at.tv_sec * 1000000000L + at.tv_nsec;
}

/** Writes the number and what separates it from the next; returns where that begins. */
static char *print(char *to, long number, char separator) {
  char digits[24];
  int length = 0;
  do digits[length++] = '0' + number % 10;
  while ((number /= 10) > 0);
  while (length > 0) *to++ = digits[--length];
  *to++ = separator;
  return to;
}

/** The stack as the kernel hands it over: how many arguments there are, and where each is. */
void begin(long *stack) {
  long began = now();
  if (stack[0] != 2) call(SYS_exit_group, 2, 0, 0, 0);
  long file = call(SYS_openat, AT_FDCWD, stack[2], O_WRONLY | O_CREAT | O_APPEND, 0600);
  char line[64];
  char *end = print(print(line, began, ' '), now(), '\n');
  long length = end - line;
  call(SYS_exit_group, call(SYS_write, file, (long)line, length, 0) != length, 0, 0, 0);
}
