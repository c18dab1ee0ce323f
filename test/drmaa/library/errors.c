/* The last error, as OGF's reference has it (one for all threads) and as all others do (one each). */
#include "errors.h"

#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if DRMAA2_LAYOUT == DRMAA2_OGF
#define EACH_THREAD
#else
#define EACH_THREAD _Thread_local
#endif

static EACH_THREAD drmaa2_error last;
static EACH_THREAD char last_text[512];
static _Thread_local bool nonsense, answer_told;
static _Thread_local int told;

drmaa2_error drmaa2_lasterror(void) {
  return last;
}

#if DRMAA2_LAYOUT == DRMAA2_PBS
/* PBS hands out a text of its own, which must not be freed. */
drmaa2_string drmaa2_lasterror_text(void) {
  return last_text;
}
#else
drmaa2_string drmaa2_lasterror_text(void) {
  return last == DRMAA2_SUCCESS ? NULL : string_new(last_text);
}
#endif

drmaa2_error refuse(drmaa2_error error, const char *format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(last_text, sizeof last_text, format, values);
  va_end(values);
  return last = error;
}

bool enter(const char *function) {
  int number = 0;
  last = DRMAA2_SUCCESS;
  last_text[0] = '\0';
  nonsense = answer_told = false;
  if (store() == NULL) {
    refuse(DRMAA2_DRM_COMMUNICATION, "%s: %s", store_root(), strerror(errno));
    return false;
  }
  process_record(); /* made before the lock is wanted for anything else: it takes it itself */
  switch (failure_of(function, &number)) {
    case ERROR:
      refuse((drmaa2_error)number, "%s was told to fail", function);
      return false;
    case GARBAGE:
      nonsense = true;
      return true;
    case ANSWER:
      answer_told = true;
      told = number;
      return true;
    case NO_FAILURE:
      return true;
  }
  return true;
}

bool garbage(void) {
  return nonsense;
}

int told_or(int otherwise) {
  return answer_told ? told : otherwise;
}

bool is_alive(const void *object, enum kind kind) {
  if (object_check(object, kind)) return true;
  refuse(DRMAA2_INVALID_ARGUMENT, object == NULL ? "a handle is missing" : "a handle is not one, or was freed");
  return false;
}
