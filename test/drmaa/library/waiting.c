/* Waiting sleeps until the store changes; nothing is polled. */
#include "waiting.h"

#include "lists.h"
#include "scheduling.h"

#include <stdlib.h>

/* How often a shepherd that was killed, which changes nothing, is looked for. */
enum { LOOK_MS = 1000 };

static bool is_that_far(struct job_record *job, enum moment moment) {
  if (job_is_over(job)) return true;
  return moment == STARTED && (job->state == JOB_RUNNING || job->state == JOB_SUSPENDED);
}

drmaa2_error wait_for(drmaa2_j *jobs, long count, bool all, enum moment moment, time_t timeout, long *first) {
  int64_t until = timeout == DRMAA2_INFINITE_TIME ? INT64_MAX : monotonic_ms() + timeout * 1000;
  for (;;) {
    long there = 0;
    store_lock();
    uint32_t seen = __atomic_load_n(&store()->changes, __ATOMIC_SEQ_CST);
    for (long i = 0; i < count; i++) {
      struct job_record *job = job_of(jobs[i]);
      if (job == NULL) {
        store_unlock();
        return DRMAA2_INVALID_STATE;
      }
      if (!is_that_far(job, moment)) continue;
      there++;
      *first = i;
      if (!all) break;
    }
    store_unlock();
    if (all ? there == count : there > 0) return DRMAA2_SUCCESS;
    int64_t now = monotonic_ms();
    if (now >= until) return refuse(DRMAA2_TIMEOUT, "the time is over");
    store_wait(seen, until - now < LOOK_MS ? until : now + LOOK_MS);
  }
}

static drmaa2_error wait_one(drmaa2_j job, enum moment moment, time_t timeout) {
  long first;
  NEED(job, JOB, DRMAA2_INVALID_ARGUMENT);
  return wait_for(&job, 1, true, moment, timeout, &first);
}

drmaa2_error drmaa2_j_wait_started(const drmaa2_j job, const time_t timeout) {
  ENTER_ERROR();
  return wait_one(job, STARTED, timeout);
}

drmaa2_error drmaa2_j_wait_terminated(const drmaa2_j job, const time_t timeout) {
  ENTER_ERROR();
  return wait_one(job, TERMINATED, timeout);
}

/* The list as an array; null with the error set if it is none, or has entries that are not jobs. */
static drmaa2_j *array_of(const drmaa2_j_list list, long *count) {
  NEED(list, LIST, NULL);
  *count = drmaa2_list_size(list);
  if (*count == 0) {
    refuse(DRMAA2_INVALID_ARGUMENT, "there are no jobs in the list");
    return NULL;
  }
  drmaa2_j *jobs = calloc((size_t)*count, sizeof *jobs);
  for (long i = 0; i < *count; i++) {
    jobs[i] = (drmaa2_j)drmaa2_list_get(list, i);
    if (is_alive(jobs[i], JOB)) continue;
    free(jobs);
    return NULL;
  }
  return jobs;
}

static drmaa2_j wait_any(const drmaa2_jsession session, const drmaa2_j_list list, enum moment moment, time_t timeout) {
  long count, first = 0;
  drmaa2_j answer = NULL;
  if (!jsession_usable(session)) return NULL;
  drmaa2_j *jobs = array_of(list, &count);
  if (jobs == NULL) return NULL;
  if (wait_for(jobs, count, false, moment, timeout, &first) == DRMAA2_SUCCESS) {
    answer = jobs[first];
#if DRMAA2_LAYOUT != DRMAA2_UGE
    /* UGE answers with the entry of the list itself, which must not be freed once more. */
    drmaa2_j copy = object_new(JOB, sizeof *copy);
    *copy = *answer;
    answer = copy;
#endif
  }
  free(jobs);
  return answer;
}

drmaa2_j drmaa2_jsession_wait_any_started(const drmaa2_jsession session, const drmaa2_j_list jobs, const time_t timeout) {
  ENTER_POINTER();
  return wait_any(session, jobs, STARTED, timeout);
}

drmaa2_j drmaa2_jsession_wait_any_terminated(
    const drmaa2_jsession session, const drmaa2_j_list jobs, const time_t timeout) {
  ENTER_POINTER();
  return wait_any(session, jobs, TERMINATED, timeout);
}

#if DRMAA2_LAYOUT == DRMAA2_AGE
static drmaa2_error wait_all(const drmaa2_jsession session, const drmaa2_j_list list, enum moment moment, time_t timeout) {
  long count, first;
  if (!jsession_usable(session)) return drmaa2_lasterror();
  drmaa2_j *jobs = array_of(list, &count);
  if (jobs == NULL) return drmaa2_lasterror();
  drmaa2_error error = wait_for(jobs, count, true, moment, timeout, &first);
  free(jobs);
  return error;
}

drmaa2_error drmaa2_jsession_wait_all_started(
    const drmaa2_jsession session, const drmaa2_j_list jobs, const time_t timeout) {
  ENTER_ERROR();
  return wait_all(session, jobs, STARTED, timeout);
}

drmaa2_error drmaa2_jsession_wait_all_terminated(
    const drmaa2_jsession session, const drmaa2_j_list jobs, const time_t timeout) {
  ENTER_ERROR();
  return wait_all(session, jobs, TERMINATED, timeout);
}
#endif
