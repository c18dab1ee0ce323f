/* Running jobs and arrays of them, and finding them again. */
#include "description.h"
#include "handles.h"
#include "lists.h"
#include "scheduling.h"
#include "values.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const categories[] = {"default", "long"};

drmaa2_string_list drmaa2_jsession_get_job_categories(const drmaa2_jsession session) {
  ENTER_POINTER();
  if (!jsession_usable(session)) return NULL;
  drmaa2_list names = list_of(DRMAA2_STRINGLIST);
  for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) list_append(names, string_new(categories[i]));
  return names;
}

drmaa2_j_list drmaa2_jsession_get_jobs(const drmaa2_jsession session, const drmaa2_jinfo filter) {
  ENTER_POINTER();
  if (filter != NULL) NEED(filter, JINFO, NULL);
  return jsession_usable(session) ? jobs_list(session->name, filter) : NULL;
}

static bool names_known(const drmaa2_jtemplate template) {
  const char *category = template->jobCategory, *queue = template->queueName;
  if (category != NULL && strcmp(category, categories[0]) != 0 && strcmp(category, categories[1]) != 0) {
    refuse(DRMAA2_INVALID_ARGUMENT, "jobCategory: there is no %s", category);
    return false;
  }
  if (queue != NULL && strcmp(queue, "main") != 0 && strcmp(queue, "long") != 0) {
    refuse(DRMAA2_INVALID_ARGUMENT, "queueName: there is no %s", queue);
    return false;
  }
  return true;
}

static bool acceptable(const drmaa2_jsession session, const drmaa2_jtemplate template) {
  if (!jsession_usable(session)) return false;
  NEED(template, JTEMPLATE, false);
  return jtemplate_acceptable(template) && names_known(template);
}

static void fill(struct job_record *job, const drmaa2_jsession session, const drmaa2_jtemplate template) {
  copy_text(job->session, sizeof job->session, session->name);
  copy_text(job->name, sizeof job->name, template->jobName);
  copy_text(job->queue, sizeof job->queue, template->queueName == NULL ? "main" : template->queueName);
  copy_text(job->category, sizeof job->category, template->jobCategory);
  copy_text(job->reservation, sizeof job->reservation, template->reservationId);
  copy_text(job->owner, sizeof job->owner, user_name());
  job->slots = template->minSlots < 1 ? 1 : template->minSlots;
  job->priority = template->priority == DRMAA2_UNSET_NUM ? 0 : template->priority;
  job->start_after = template->startTime < 0 ? 0 : template->startTime;
  job->deadline = template->deadlineTime < 0 ? 0 : template->deadlineTime;
  job->submitted = time(NULL);
}

/* With the lock: a number for a new job or array whose template is on disk; 0 with the error set. */
static uint64_t new_number(const drmaa2_jtemplate template) {
  uint64_t number = store()->next_number++;
  return jtemplate_write(number, template) ? number : 0;
}

/* With the lock, once all that belongs to it is there. */
static void set_out(const drmaa2_jtemplate template) {
  if (template->startTime > time(NULL)) scheduling_at(template->startTime);
  scheduling_round();
}

static void enqueue(struct job_record *job, const drmaa2_jtemplate template) {
  job_move(job, template->submitAsHold == DRMAA2_TRUE ? JOB_HELD : JOB_QUEUED);
}

drmaa2_j drmaa2_jsession_run_job(const drmaa2_jsession session, const drmaa2_jtemplate template) {
  ENTER_POINTER();
  if (!acceptable(session, template)) return NULL;
  drmaa2_j handle = NULL;
  store_lock();
  uint64_t number = new_number(template);
  struct job_record *job = number == 0 ? NULL : job_new(number);
  if (job != NULL) {
    fill(job, session, template);
    snprintf(job->id, sizeof job->id, "%llu", (unsigned long long)number);
    enqueue(job, template);
    set_out(template);
    handle = job_handle(job);
  } else if (number != 0) {
    description_remove(number);
    refuse(DRMAA2_OUT_OF_RESOURCE, "there are %d jobs already", MAX_JOBS);
  }
  store_unlock();
  return handle;
}

/* With the lock: all tasks or none. */
static bool make_tasks(uint64_t number, const drmaa2_jsession session, const drmaa2_jtemplate template,
    const long long range[3], long long max_parallel) {
  for (long long i = range[0]; i <= range[1]; i += range[2]) {
    struct job_record *task = job_new(number);
    if (task == NULL) {
      for (uint32_t j = 0; j < store()->used; j++) {
        if (store()->jobs[j].number == number) store()->jobs[j].number = 0;
      }
      description_remove(number);
      refuse(DRMAA2_OUT_OF_RESOURCE, "there are no more than %d jobs", MAX_JOBS);
      return false;
    }
    fill(task, session, template);
    task->is_task = true;
    task->index = i;
    task->max_parallel = max_parallel > 0 ? max_parallel : 0;
    snprintf(task->id, sizeof task->id, "%llu.%lld", (unsigned long long)number, i);
    enqueue(task, template);
  }
  return true;
}

static drmaa2_jarray array_handle(uint64_t number, const drmaa2_jsession session) {
  drmaa2_jarray array = object_new(JARRAY, sizeof *array);
  snprintf(array->id, sizeof array->id, "%llu", (unsigned long long)number);
  copy_text(array->session, sizeof array->session, session->name);
  array->number = number;
  return array;
}

drmaa2_jarray drmaa2_jsession_run_bulk_jobs(const drmaa2_jsession session, const drmaa2_jtemplate template,
    drmaa2_index begin, drmaa2_index end, drmaa2_index step, drmaa2_index max_parallel) {
  ENTER_POINTER();
  if (!acceptable(session, template)) return NULL;
  long long range[] = {(long long)begin, (long long)end, (long long)step};
  if (range[0] < 1 || range[1] < range[0] || range[2] < 1) {
    refuse(DRMAA2_INVALID_ARGUMENT, "there are no tasks from %lld to %lld by %lld", range[0], range[1], range[2]);
    return NULL;
  }
  drmaa2_jarray array = NULL;
  store_lock();
  uint64_t number = new_number(template);
  if (number != 0 && make_tasks(number, session, template, range, (long long)max_parallel)) {
    set_out(template);
    array = array_handle(number, session);
  }
  store_unlock();
  return array;
}

drmaa2_jarray drmaa2_jsession_get_job_array(const drmaa2_jsession session, const drmaa2_string id) {
  ENTER_POINTER();
  if (!jsession_usable(session)) return NULL;
  drmaa2_jarray array = NULL;
  struct store *all = store();
  char *end;
  uint64_t number = id == NULL ? 0 : strtoull(id, &end, 10);
  store_lock();
  for (uint32_t i = 0; array == NULL && number != 0 && *end == '\0' && i < all->used; i++) {
    const struct job_record *task = &all->jobs[i];
    if (task->number == number && task->is_task && strcmp(task->session, session->name) == 0) {
      array = array_handle(number, session);
    }
  }
  store_unlock();
  if (array == NULL) refuse(DRMAA2_INVALID_ARGUMENT, "there is no job array %s", id == NULL ? "without an id" : id);
  return array;
}
