/* What the two halves of the driver share. */
#ifndef DRIVER_H
#define DRIVER_H

#include "drmaa2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program with the line at which something is not as it should be. */
#define CHECK(condition) \
  do { \
    if (condition) break; \
    char *text = drmaa2_lasterror_text(); \
    fprintf(stderr, "%s:%d: not so: %s (%d: %s)\n", __FILE__, __LINE__, #condition, drmaa2_lasterror(), text); \
    exit(1); \
  } while (0)

/* Takes a string of the library's, compares, and frees it. */
#define CHECK_STRING(call, expected) \
  do { \
    drmaa2_string string = (call); \
    CHECK(string != NULL && strcmp(string, expected) == 0); \
    drmaa2_string_free(&string); \
    CHECK(string == NULL); \
  } while (0)

void drive_jobs(drmaa2_jsession session);
drmaa2_jtemplate shell(const char *script);

#endif
