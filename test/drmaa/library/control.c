/* What can be done to jobs, and in which states. */
#include "scheduling.h"

#include <signal.h>
#include <time.h>

enum { SUCCESS = 0, INVALID_STATE = 9 };

static int signal_group(const struct job_record *job, int signal) {
  return job->group > 0 && kill(-job->group, signal) == 0 ? SUCCESS : INVALID_STATE;
}

static int suspend(struct job_record *job) {
  if (job->state != JOB_RUNNING || signal_group(job, SIGSTOP) != SUCCESS) return INVALID_STATE;
  job_move(job, JOB_SUSPENDED);
  return SUCCESS;
}

static int resume(struct job_record *job) {
  if (job->state != JOB_SUSPENDED || signal_group(job, SIGCONT) != SUCCESS) return INVALID_STATE;
  job_move(job, JOB_RUNNING);
  return SUCCESS;
}

static int hold(struct job_record *job) {
  if (job->state != JOB_QUEUED || job->dispatched) return INVALID_STATE;
  job_move(job, JOB_HELD);
  return SUCCESS;
}

static int release(struct job_record *job) {
  if (job->state != JOB_HELD) return INVALID_STATE;
  job_move(job, JOB_QUEUED);
  scheduling_round();
  return SUCCESS;
}

static int terminate(struct job_record *job, enum ending how) {
  if (job_is_over(job)) return INVALID_STATE;
  job->ending = how;
  if (!job->dispatched) {
    job_end(job, JOB_FAILED, "terminated before it ran");
  } else if (job->shepherd > 0) {
    kill(job->shepherd, SIGTERM);
  }
  return SUCCESS;
}

int job_control(struct job_record *job, enum control action) {
  switch (action) {
    case SUSPEND:
      return suspend(job);
    case RESUME:
      return resume(job);
    case HOLD:
      return hold(job);
    case RELEASE:
      return release(job);
    case TERMINATE:
      return terminate(job, END_POLITELY);
    case TERMINATE_AT_ONCE:
      return terminate(job, END_AT_ONCE);
  }
  return INVALID_STATE;
}
