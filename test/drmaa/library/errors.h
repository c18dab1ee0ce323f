/* The last error of DRMAA 2, and how every function of it begins. */
#ifndef ERRORS_H
#define ERRORS_H

#include "drmaa2.h"
#include "objects.h"

/* Remembers an error and what it is about, and returns it. */
drmaa2_error refuse(drmaa2_error error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets the last error and looks for rules of failure.h. False: the error is set, and is the answer. */
bool enter(const char *function);

/* Whether the function that was entered last is to answer nonsense. */
bool garbage(void);

/* The number that the function that was entered last is to answer with, if it is told any. */
int told_or(int otherwise);

/* What a caller gets where a pointer is expected and nonsense is asked for. */
#define WILD ((void *)0x10)

#define ENTER(otherwise) \
  if (!enter(__func__)) return otherwise
#define ENTER_POINTER() \
  ENTER(NULL); \
  if (garbage()) return WILD
#define ENTER_ERROR() \
  ENTER(drmaa2_lasterror()); \
  if (garbage()) return (drmaa2_error)77

/* Whether an argument is a living object of that kind; else INVALID_ARGUMENT is set. */
bool is_alive(const void *object, enum kind kind);

#define NEED(object, kind, otherwise) \
  if (!is_alive(object, kind)) return otherwise

#endif
