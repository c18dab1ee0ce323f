/* What stands behind the opaque handles: names and ids. All that changes is in the store. */
#ifndef HANDLES_H
#define HANDLES_H

#include "drmaa2.h"
#include "errors.h"
#include "store.h"

struct drmaa2_jsession_s {
  char name[NAME];
  char contact[NAME];
  bool closed;
};

struct drmaa2_rsession_s {
  char name[NAME];
  char contact[NAME];
  bool closed;
};

struct drmaa2_msession_s {
  char name[NAME];
  bool closed;
};

struct drmaa2_j_s {
  char id[ID];
  char session[NAME];
  uint32_t slot; /* where in the store; another job may be there by now */
};

struct drmaa2_jarray_s {
  char id[ID];
  char session[NAME];
  uint64_t number;
};

struct drmaa2_r_s {
  char id[ID];
  char session[NAME];
  uint64_t number;
};

/* Whether a session can be used: alive, not closed, not destroyed; else the error is set. */
bool jsession_usable(const drmaa2_jsession session);
bool rsession_usable(const drmaa2_rsession session);

drmaa2_j job_handle(const struct job_record *job);

/* With the lock: the job of a handle, or null and INVALID_STATE if nobody knows it any more. */
struct job_record *job_of(const drmaa2_j handle);

/* With the lock: whether a filter (or none) lets a job through. */
bool job_matches(const struct job_record *job, const drmaa2_jinfo filter);

/* All jobs of a session, or with "" of all of them, that the filter lets through. */
drmaa2_j_list jobs_list(const char *session, const drmaa2_jinfo filter);

drmaa2_r reservation_handle(const struct reservation_record *reservation);
drmaa2_r_list reservations_list(const char *session);

/* What a job or an array was made of. */
drmaa2_jtemplate jtemplate_of(uint64_t number);

/* Whether all that a template asks for can be had; else UNSUPPORTED_ATTRIBUTE or INVALID_ARGUMENT is set. */
bool jtemplate_acceptable(const drmaa2_jtemplate template);

/* Writes a template down under a number; false with the error set. */
bool jtemplate_write(uint64_t number, const drmaa2_jtemplate template);

/* The name of this machine, which is the only one. */
const char *machine_name(void);

/* Who runs this. */
const char *user_name(void);

#endif
