/* What is known of a job: its state and its info. */
#include "handles.h"
#include "lists.h"
#include "scheduling.h"
#include "values.h"

#include <signal.h>
#include <string.h>

static const char *substate_of(const struct job_record *job) {
  if (job->ending != NOT_ENDING && job->ended == 0) return "being terminated";
  if (job->state == JOB_QUEUED) return job->dispatched ? "starting" : "waiting for slots";
  return job->annotation[0] == '\0' ? NULL : job->annotation;
}

drmaa2_jstate drmaa2_j_get_state(const drmaa2_j job, drmaa2_string *substate) {
  ENTER(DRMAA2_UNDETERMINED);
  *substate = NULL; /* as in OGF's reference, a null pointer is not looked for */
  if (garbage()) {
    *substate = string_new("\xff\xfe no state");
    return (drmaa2_jstate)77;
  }
  NEED(job, JOB, DRMAA2_UNDETERMINED);
  store_lock();
  struct job_record *record = job_of(job);
  drmaa2_jstate state = DRMAA2_UNDETERMINED;
  if (record != NULL) {
    job_is_over(record);
    state = (drmaa2_jstate)told_or(record->state);
    *substate = string_new(substate_of(record));
  }
  store_unlock();
  return state;
}

static drmaa2_list machines_of(const struct job_record *job) {
  if (!job->dispatched) return NULL;
#if DRMAA2_LAYOUT == DRMAA2_PBS || DRMAA2_LAYOUT == DRMAA2_AGE
  drmaa2_list machines = list_of(DRMAA2_SLOTINFOLIST);
  list_append(machines, slotinfo_new(machine_name(), job->slots));
#else
  drmaa2_list machines = list_of(DRMAA2_STRINGLIST);
  list_append(machines, string_new(machine_name()));
#endif
  return machines;
}

static drmaa2_jinfo nonsense(void) {
  drmaa2_jinfo info = jinfo_new();
  info->jobId = string_new("\xff\xfe\x01");
  info->exitStatus = -2147483647;
  info->terminatingSignal = string_new("\xc3(");
  info->jobState = (drmaa2_jstate)77;
  info->slots = -9223372036854775807LL;
  info->cpuTime = 9223372036854775807LL;
  info->wallclockTime = info->submissionTime = 9223372036854775807L;
  info->finishTime = -9223372036854775807L;
  return info;
}

static time_t known(int64_t seconds) {
  return seconds == 0 ? DRMAA2_UNSET_TIME : seconds;
}

static drmaa2_jinfo info_of(const struct job_record *job) {
  drmaa2_jinfo info = jinfo_new();
  char signal[32];
  info->jobId = string_new(job->id);
#if DRMAA2_LAYOUT == DRMAA2_PBS || DRMAA2_LAYOUT == DRMAA2_AGE
  info->jobName = job->name[0] == '\0' ? NULL : string_new(job->name);
#endif
  info->exitStatus = job->exit_status;
  if (job->signal != 0) {
    const char *name = sigabbrev_np(job->signal);
    snprintf(signal, sizeof signal, "SIG%s", name == NULL ? "?" : name);
    info->terminatingSignal = string_new(signal);
  }
  info->annotation = job->annotation[0] == '\0' ? NULL : string_new(job->annotation);
  info->jobState = (drmaa2_jstate)job->state;
  info->jobSubState = string_new(substate_of(job));
  info->allocatedMachines = machines_of(job);
  info->submissionMachine = string_new(machine_name());
  info->jobOwner = string_new(job->owner);
  info->slots = job->slots;
  info->queueName = string_new(job->queue);
  info->submissionTime = known(job->submitted);
  info->dispatchTime = known(job->began);
  info->finishTime = known(job->ended);
  if (job->began != 0) info->wallclockTime = (job->ended == 0 ? time(NULL) : job->ended) - job->began;
  if (job->ended != 0 && job->began != 0) info->cpuTime = job->cpu_seconds;
  return info;
}

drmaa2_jinfo drmaa2_j_get_info(const drmaa2_j job) {
  ENTER(NULL);
  if (garbage()) return nonsense();
  NEED(job, JOB, NULL);
  store_lock();
  struct job_record *record = job_of(job);
  drmaa2_jinfo info = NULL;
  if (record != NULL) {
    job_is_over(record);
    info = info_of(record);
  }
  store_unlock();
  return info;
}
