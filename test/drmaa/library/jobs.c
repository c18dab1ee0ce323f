/* Handles of jobs, and finding jobs. */
#include "handles.h"
#include "lists.h"
#include "scheduling.h"
#include "values.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

const char *machine_name(void) {
  static char name[NAME];
  if (name[0] == '\0') gethostname(name, sizeof name - 1);
  return name;
}

const char *user_name(void) {
  static char name[NAME];
  if (name[0] == '\0') {
    const struct passwd *user = getpwuid(getuid());
    if (user == NULL) snprintf(name, sizeof name, "%u", getuid());
    else copy_text(name, sizeof name, user->pw_name);
  }
  return name;
}

drmaa2_j job_handle(const struct job_record *job) {
  drmaa2_j handle = object_new(JOB, sizeof *handle);
  copy_text(handle->id, sizeof handle->id, job->id);
  copy_text(handle->session, sizeof handle->session, job->session);
  handle->slot = (uint32_t)(job - store()->jobs);
  return handle;
}

struct job_record *job_of(const drmaa2_j handle) {
  struct job_record *job = &store()->jobs[handle->slot];
  if (job->number != 0 && strcmp(job->id, handle->id) == 0) return job;
  refuse(DRMAA2_INVALID_STATE, "nobody knows the job %s any more", handle->id);
  return NULL;
}

static bool same(const char *wanted, const char *is) {
  return wanted == NULL || strcmp(wanted, is) == 0;
}

static bool since(time_t wanted, int64_t is) {
  return wanted < 0 || (is != 0 && is >= wanted);
}

bool job_matches(const struct job_record *job, const drmaa2_jinfo filter) {
  if (filter == NULL) return true;
  if (!same(filter->jobId, job->id) || !same(filter->jobOwner, job->owner)) return false;
#if DRMAA2_LAYOUT == DRMAA2_PBS || DRMAA2_LAYOUT == DRMAA2_AGE
  if (!same(filter->jobName, job->name)) return false;
#endif
  if (!same(filter->queueName, job->queue) || !same(filter->annotation, job->annotation)) return false;
  if (!same(filter->submissionMachine, machine_name())) return false;
  if ((int)filter->jobState != DRMAA2_UNSET_ENUM && (int)filter->jobState != job->state) return false;
  if (filter->exitStatus != DRMAA2_UNSET_NUM && filter->exitStatus != job->exit_status) return false;
  if (filter->slots != DRMAA2_UNSET_NUM && filter->slots != job->slots) return false;
  return since(filter->submissionTime, job->submitted) && since(filter->dispatchTime, job->began) &&
         since(filter->finishTime, job->ended);
}

drmaa2_j_list jobs_list(const char *session, const drmaa2_jinfo filter) {
  drmaa2_list list = list_of(DRMAA2_JOBLIST);
  struct store *all = store();
  store_lock();
  for (uint32_t i = 0; i < all->used; i++) {
    struct job_record *job = &all->jobs[i];
    if (job->number == 0 || (*session != '\0' && strcmp(job->session, session) != 0)) continue;
    job_is_over(job);
    if (job_matches(job, filter)) list_append(list, job_handle(job));
  }
  store_unlock();
  return list;
}

void drmaa2_j_free(drmaa2_j *job) {
  object_end(*job, JOB);
  *job = NULL;
}

drmaa2_string drmaa2_j_get_id(const drmaa2_j job) {
  ENTER_POINTER();
  NEED(job, JOB, NULL);
  return string_new(job->id);
}

drmaa2_string drmaa2_j_get_session_name(const drmaa2_j job) {
  ENTER_POINTER();
  NEED(job, JOB, NULL);
  return string_new(job->session);
}

static drmaa2_jtemplate template_of(const drmaa2_j job) {
  NEED(job, JOB, NULL);
  store_lock();
  const struct job_record *record = job_of(job);
  uint64_t number = record == NULL ? 0 : record->number;
  store_unlock();
  return number == 0 ? NULL : jtemplate_of(number);
}

#if DRMAA2_LAYOUT == DRMAA2_OGF || DRMAA2_LAYOUT == DRMAA2_UGE
drmaa2_jtemplate drmaa2_j_get_jt(const drmaa2_j job) {
  ENTER_POINTER();
  return template_of(job);
}
#endif

#if DRMAA2_LAYOUT != DRMAA2_OGF
drmaa2_jtemplate drmaa2_j_get_jtemplate(const drmaa2_j job) {
  ENTER_POINTER();
  return template_of(job);
}

drmaa2_error drmaa2_j_reap(drmaa2_j job) {
  ENTER_ERROR();
  NEED(job, JOB, DRMAA2_INVALID_ARGUMENT);
  store_lock();
  struct job_record *record = job_of(job);
  if (record != NULL && job_is_over(record)) job_forget(record);
  else if (record != NULL) refuse(DRMAA2_INVALID_STATE, "the job %s is not over", job->id);
  store_unlock();
  return drmaa2_lasterror();
}
#endif

static drmaa2_error control(drmaa2_j job, enum control action) {
  NEED(job, JOB, DRMAA2_INVALID_ARGUMENT);
  store_lock();
  struct job_record *record = job_of(job);
  if (record != NULL && job_control(record, action) != 0) {
    refuse(DRMAA2_INVALID_STATE, "the job %s is in a state where that cannot be", job->id);
  }
  store_unlock();
  return drmaa2_lasterror();
}

#define CONTROL(name, action) \
  drmaa2_error drmaa2_j_##name(drmaa2_j job) { \
    ENTER_ERROR(); \
    return control(job, action); \
  }
CONTROL(suspend, SUSPEND)
CONTROL(resume, RESUME)
CONTROL(hold, HOLD)
CONTROL(release, RELEASE)
CONTROL(terminate, TERMINATE)
#if DRMAA2_LAYOUT == DRMAA2_AGE
CONTROL(terminate_forced, TERMINATE_AT_ONCE)
#endif
