/* Waiting by DRMAA 1. A job that was waited for is forgotten: that is the standard's. */
#include "drmaa1.h"
#include "scheduling.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { EXITED = 1 << 16, SIGNALED = 2 << 16, ABORTED = 4 << 16, VALUE = 0xffff, LOOK_MS = 1000 };

static int status_of(const struct job_record *job) {
  if (job->signal != 0) return SIGNALED | job->signal;
  return job->exit_status >= 0 ? EXITED | job->exit_status : ABORTED;
}

static void add(drmaa_attr_values_t *usage, const char *name, int64_t value) {
  char text[64];
  snprintf(text, sizeof text, "%s=%lld", name, (long long)value);
  values_add(usage, text);
}

static drmaa_attr_values_t *usage_of(const struct job_record *job) {
  drmaa_attr_values_t *usage = values_new();
  add(usage, "submission_time", job->submitted);
  add(usage, "start_time", job->began);
  add(usage, "end_time", job->ended);
  add(usage, "cpu", job->cpu_seconds);
  add(usage, "exit_status", job->exit_status);
  return usage;
}

/* With the lock: the job that is meant and over, or null and whether there is one at all. */
static struct job_record *ended_one(const char *id, bool *exists) {
  struct store *all = store();
  bool any = strcmp(id, DRMAA_JOB_IDS_SESSION_ANY) == 0;
  *exists = false;
  for (uint32_t i = 0; i < all->used; i++) {
    struct job_record *job = &all->jobs[i];
    if (!is_ours(job) || (!any && strcmp(job->id, id) != 0)) continue;
    *exists = true;
    if (job_is_over(job)) return job;
  }
  return NULL;
}

/* Until there is one that has ended; the lock is held when this returns SUCCESS. */
static int await(const char *id, int64_t until, struct job_record **ended, char *diagnosis, size_t size) {
  for (;;) {
    bool exists;
    store_lock();
    uint32_t seen = __atomic_load_n(&store()->changes, __ATOMIC_SEQ_CST);
    *ended = ended_one(id, &exists);
    if (*ended != NULL) return DRMAA_ERRNO_SUCCESS;
    store_unlock();
    if (session_name() == NULL) return refuse(DRMAA_ERRNO_NO_ACTIVE_SESSION, diagnosis, size, "the session is over");
    if (!exists) return refuse(DRMAA_ERRNO_INVALID_JOB, diagnosis, size, "no such job: %s", id);
    int64_t now = monotonic_ms();
    if (now >= until) return refuse(DRMAA_ERRNO_EXIT_TIMEOUT, diagnosis, size, "the time is over");
    store_wait(seen, until - now < LOOK_MS ? until : now + LOOK_MS);
  }
}

static int64_t end_of(signed long timeout) {
  return timeout < 0 ? INT64_MAX : monotonic_ms() + timeout * 1000;
}

int drmaa_wait(const char *id, char *ended, size_t ended_size, int *status, signed long timeout,
    drmaa_attr_values_t **usage, char *diagnosis, size_t size) {
  BEGIN(true);
  struct job_record *job;
  bool nonsense = garbage();
  int error = await(id, end_of(timeout), &job, diagnosis, size);
  if (error != DRMAA_ERRNO_SUCCESS) return error;
  copy_text(ended, ended_size, nonsense ? "\xff\xfe\x01" : job->id);
  *status = nonsense ? 0x7fffffff : status_of(job);
  if (job->began == 0) {
    *usage = NULL;
    error = refuse(DRMAA_ERRNO_NO_RUSAGE, diagnosis, size, "%s has never run", job->id);
  } else {
    *usage = usage_of(job);
  }
  job_forget(job);
  store_unlock();
  return error;
}

/* All jobs of the session, which ALL means, at this moment. */
static drmaa_job_ids_t *ids_of_session(void) {
  drmaa_job_ids_t *ids = values_new();
  struct store *all = store();
  store_lock();
  for (uint32_t i = 0; i < all->used; i++) {
    const struct job_record *job = &all->jobs[i];
    if (is_ours(job)) values_add(ids, job->id);
  }
  store_unlock();
  return ids;
}

int drmaa_synchronize(const char *ids[], signed long timeout, int dispose, char *diagnosis, size_t size) {
  BEGIN(true);
  int64_t until = end_of(timeout);
  int error = DRMAA_ERRNO_SUCCESS;
  drmaa_job_ids_t *wanted = NULL;
  for (long i = 0; ids[i] != NULL && wanted == NULL; i++) {
    if (strcmp(ids[i], DRMAA_JOB_IDS_SESSION_ALL) == 0) wanted = ids_of_session();
  }
  if (wanted == NULL) {
    wanted = values_new();
    for (long i = 0; ids[i] != NULL; i++) values_add(wanted, ids[i]);
  }
  for (long i = 0; error == DRMAA_ERRNO_SUCCESS && i < values_count(wanted); i++) {
    struct job_record *job;
    error = await(values_at(wanted, i), until, &job, diagnosis, size);
    if (error != DRMAA_ERRNO_SUCCESS) break;
    if (dispose != 0) job_forget(job);
    store_unlock();
  }
  values_end(wanted);
  return error;
}

#define QUESTION(name, type, answer) \
  int drmaa_##name(int *type, int status, char *diagnosis, size_t size) { \
    BEGIN(false); \
    *type = answer; \
    return DRMAA_ERRNO_SUCCESS; \
  }
QUESTION(wifexited, exited, (status & EXITED) != 0)
QUESTION(wexitstatus, exit_status, status & VALUE)
QUESTION(wifsignaled, signaled, (status & SIGNALED) != 0)
QUESTION(wcoredump, core_dump, status < 0)
QUESTION(wifaborted, aborted, (status & ABORTED) != 0)

int drmaa_wtermsig(char *signal, size_t signal_size, int status, char *diagnosis, size_t size) {
  BEGIN(false);
  const char *name = sigabbrev_np(status & VALUE);
  snprintf(signal, signal_size, "SIG%s", name == NULL ? "?" : name);
  return DRMAA_ERRNO_SUCCESS;
}
