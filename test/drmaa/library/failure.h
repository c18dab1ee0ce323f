/*
 * What tests can have this library do instead of what it is asked for. DRMAA2_TEST_FAIL and the file
 * `fail` in the root, which can be written at any time, hold rules like
 *
 *   run_job:segfault, j_get_state:hang, get_info:garbage@3, run_job:error=11@2+
 *
 * A function is named without its `drmaa2_` or `drmaa_`, or by the end of its name from an `_` on.
 * `@3` is the third call only, `@3+` from there on, of all processes that use the root.
 */
#ifndef FAILURE_H
#define FAILURE_H

#include <stdbool.h>

enum failure {
  NO_FAILURE,
  ERROR,   /* error=N: the error N */
  GARBAGE, /* garbage: values that make no sense; wild pointers where there are no values */
  ANSWER,  /* answer=N: where the answer is a state, that number */
};

/*
 * Looks for a rule; segfault, abort, exit=N, hang, slow=MS, print=TEXT and leaks (LeakSanitizer says
 * what is lost) are carried out in here.
 */
enum failure failure_of(const char *function, int *number);

#endif
