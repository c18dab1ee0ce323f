/* What the parts of the DRMAA 1 library share. It is the same resource manager as DRMAA 2's. */
#ifndef DRMAA1_H
#define DRMAA1_H

#include "drmaa.h"
#include "objects.h"

/* Writes a diagnosis and returns the error. */
int refuse(int error, char *diagnosis, size_t size, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* How every function begins: rules of failure.h; then whether there is a session, if one is needed. */
int begin(const char *function, bool needs_session, char *diagnosis, size_t size);

/* Whether the function that was begun last is to answer nonsense. */
bool garbage(void);

/* The number that the function that was begun last is to answer with, if it is told any. */
int told_or(int otherwise);

#define BEGIN(needs_session) \
  do { \
    int error = begin(__func__, needs_session, diagnosis, size); \
    if (error != DRMAA_ERRNO_SUCCESS) return error; \
  } while (0)

/* The name of the session that is open; null if none is. It may be left at any time by another thread. */
const char *session_name(void);

/* Whether a job is one of the session that is open. */
bool is_ours(const struct job_record *job);

/* Values in a row, to be read once. */
drmaa_attr_values_t *values_new(void);
void values_add(drmaa_attr_values_t *values, const char *value);
long values_count(const drmaa_attr_values_t *values);
const char *values_at(const drmaa_attr_values_t *values, long position);
void values_end(drmaa_attr_values_t *values);

/* The value of an attribute that is set, or null. */
const char *template_value(const drmaa_job_template_t *template, const char *name);
const drmaa_attr_values_t *template_vector(const drmaa_job_template_t *template, const char *name);

#endif
