/* Running jobs by DRMAA 1, and what can be done to them. */
#include "description.h"
#include "drmaa1.h"
#include "scheduling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* DRMAA 1's placeholders as DRMAA 2's, which are what the shepherd knows. */
static void describe(FILE *file, const char *key, const char *text) {
  static const struct {
    const char *one, *two;
  } placeholders[] = {
      {DRMAA_PLACEHOLDER_HD, "$DRMAA2_HOME_DIR$"},
      {DRMAA_PLACEHOLDER_WD, "$DRMAA2_WORKING_DIR$"},
      {DRMAA_PLACEHOLDER_INCR, "$DRMAA2_INDEX$"},
  };
  char line[4096];
  size_t length = 0;
  if (text == NULL) return;
  while (*text != '\0' && length + 1 < sizeof line) {
    size_t i = 0;
    while (i < 3 && strncmp(text, placeholders[i].one, strlen(placeholders[i].one)) != 0) i++;
    if (i == 3) {
      line[length++] = *text++;
    } else {
      text += strlen(placeholders[i].one);
      length += (size_t)snprintf(line + length, sizeof line - length, "%s", placeholders[i].two);
    }
  }
  line[length < sizeof line ? length : sizeof line - 1] = '\0';
  description_add(file, key, line);
}

/* `[host]:path`. */
static const char *path_of(const char *value) {
  const char *colon = value == NULL ? NULL : strchr(value, ':');
  return colon == NULL ? value : colon + 1;
}

static bool write_down(uint64_t number, const drmaa_job_template_t *template) {
  FILE *file = description_create(number);
  const char *join = template_value(template, "drmaa_join_files");
  const drmaa_attr_values_t *arguments = template_vector(template, "drmaa_v_argv");
  const drmaa_attr_values_t *environment = template_vector(template, "drmaa_v_env");
  if (file == NULL) return false;
  describe(file, "remoteCommand", template_value(template, "drmaa_remote_command"));
  describe(file, "workingDirectory", template_value(template, "drmaa_wd"));
  describe(file, "inputPath", path_of(template_value(template, "drmaa_input_path")));
  describe(file, "outputPath", path_of(template_value(template, "drmaa_output_path")));
  describe(file, "errorPath", path_of(template_value(template, "drmaa_error_path")));
  if (join != NULL && strcmp(join, "y") == 0) description_add(file, "joinFiles", "1");
  description_add(file, "limit.WALLCLOCK_TIME", template_value(template, "drmaa_wct_hlimit"));
  for (long i = 0; arguments != NULL && i < values_count(arguments); i++) {
    description_add(file, "argument", values_at(arguments, i));
  }
  for (long i = 0; environment != NULL && i < values_count(environment); i++) {
    char key[TEXT] = "environment.";
    const char *pair = values_at(environment, i), *equals = strchr(pair, '=');
    if (equals == NULL) continue;
    snprintf(key + 12, sizeof key - 12, "%.*s", (int)(equals - pair), pair);
    description_add(file, key, equals + 1);
  }
  return fclose(file) == 0;
}

static void enqueue(struct job_record *job, const drmaa_job_template_t *template) {
  const char *state = template_value(template, "drmaa_js_state");
  copy_text(job->session, sizeof job->session, session_name());
  copy_text(job->name, sizeof job->name, template_value(template, "drmaa_job_name"));
  copy_text(job->queue, sizeof job->queue, "main");
  job->slots = 1;
  job->submitted = time(NULL);
  job_move(job, state != NULL && strcmp(state, "drmaa_hold") == 0 ? JOB_HELD : JOB_QUEUED);
}

/* Tasks from `start` to `end`, or with no increment one job; their ids are added to `ids`. */
static int submit(const drmaa_job_template_t *template, const int range[3], drmaa_job_ids_t *ids, char *diagnosis,
    size_t size) {
  int error = DRMAA_ERRNO_SUCCESS, step = range[2] == 0 ? 1 : range[2];
  if (!object_check(template, DRMAA1_TEMPLATE)) {
    return refuse(DRMAA_ERRNO_INVALID_ARGUMENT, diagnosis, size, "not a template");
  }
  if (template_value(template, "drmaa_remote_command") == NULL) {
    return refuse(DRMAA_ERRNO_CONFLICTING_ATTRIBUTE_VALUES, diagnosis, size, "drmaa_remote_command is not set");
  }
  store_lock();
  uint64_t number = store()->next_number++;
  if (!write_down(number, template)) {
    error = refuse(DRMAA_ERRNO_INTERNAL_ERROR, diagnosis, size, "it cannot be written down: %s", strerror(errno));
  }
  for (int i = range[0]; error == DRMAA_ERRNO_SUCCESS && i <= range[1]; i += step) {
    struct job_record *job = job_new(number);
    if (job == NULL) {
      error = refuse(DRMAA_ERRNO_TRY_LATER, diagnosis, size, "there are %d jobs already", MAX_JOBS);
      break;
    }
    job->is_task = range[2] != 0;
    job->index = i;
    snprintf(job->id, sizeof job->id, job->is_task ? "%llu.%d" : "%llu", (unsigned long long)number, i);
    enqueue(job, template);
    values_add(ids, job->id);
  }
  scheduling_round();
  store_unlock();
  return error;
}

int drmaa_run_job(char *id, size_t id_size, const drmaa_job_template_t *template, char *diagnosis, size_t size) {
  BEGIN(true);
  drmaa_job_ids_t *ids = values_new();
  int error = submit(template, (const int[]){0, 0, 0}, ids, diagnosis, size);
  if (error == DRMAA_ERRNO_SUCCESS) copy_text(id, id_size, garbage() ? "\xff\xfe\x01" : values_at(ids, 0));
  values_end(ids);
  return error;
}

int drmaa_run_bulk_jobs(drmaa_job_ids_t **ids, const drmaa_job_template_t *template, int start, int end,
    int increment, char *diagnosis, size_t size) {
  BEGIN(true);
  if (start < 1 || end < start || increment < 1) {
    return refuse(DRMAA_ERRNO_INVALID_ARGUMENT, diagnosis, size, "no tasks: %d to %d by %d", start, end, increment);
  }
  if (garbage()) {
    *ids = (void *)0x10;
    return DRMAA_ERRNO_SUCCESS;
  }
  drmaa_job_ids_t *made = values_new();
  int error = submit(template, (const int[]){start, end, increment}, made, diagnosis, size);
  if (error == DRMAA_ERRNO_SUCCESS) *ids = made;
  else values_end(made);
  return error;
}

int drmaa_job_ps(const char *id, int *state, char *diagnosis, size_t size) {
  static const int states[] = {
      [JOB_UNDETERMINED] = DRMAA_PS_UNDETERMINED, [JOB_QUEUED] = DRMAA_PS_QUEUED_ACTIVE,
      [JOB_HELD] = DRMAA_PS_USER_ON_HOLD,         [JOB_RUNNING] = DRMAA_PS_RUNNING,
      [JOB_SUSPENDED] = DRMAA_PS_USER_SUSPENDED,  [JOB_DONE] = DRMAA_PS_DONE,
      [JOB_FAILED] = DRMAA_PS_FAILED,
  };
  BEGIN(true);
  int error = DRMAA_ERRNO_SUCCESS;
  store_lock();
  struct job_record *job = job_find(id);
  if (job == NULL) {
    error = refuse(DRMAA_ERRNO_INVALID_JOB, diagnosis, size, "no such job: %s", id);
  } else {
    job_is_over(job);
    *state = garbage() ? 0x99 : told_or(states[job->state]);
  }
  store_unlock();
  return error;
}

static int control_one(struct job_record *job, int action, char *diagnosis, size_t size) {
  static const struct {
    enum control control;
    int error;
  } controls[] = {
      {SUSPEND, DRMAA_ERRNO_SUSPEND_INCONSISTENT_STATE}, {RESUME, DRMAA_ERRNO_RESUME_INCONSISTENT_STATE},
      {HOLD, DRMAA_ERRNO_HOLD_INCONSISTENT_STATE},       {RELEASE, DRMAA_ERRNO_RELEASE_INCONSISTENT_STATE},
      {TERMINATE, DRMAA_ERRNO_INVALID_JOB},
  };
  if (job_control(job, controls[action].control) == 0) return DRMAA_ERRNO_SUCCESS;
  return refuse(controls[action].error, diagnosis, size, "the state of %s does not allow that", job->id);
}

int drmaa_control(const char *id, int action, char *diagnosis, size_t size) {
  BEGIN(true);
  if (action < DRMAA_CONTROL_SUSPEND || action > DRMAA_CONTROL_TERMINATE) {
    return refuse(DRMAA_ERRNO_INVALID_ARGUMENT, diagnosis, size, "no action: %d", action);
  }
  int error = DRMAA_ERRNO_SUCCESS;
  struct store *all = store();
  store_lock();
  if (strcmp(id, DRMAA_JOB_IDS_SESSION_ALL) == 0) {
    for (uint32_t i = all->used; i-- > 0;) {
      struct job_record *job = &all->jobs[i];
      if (is_ours(job)) control_one(job, action, NULL, 0);
    }
  } else {
    struct job_record *job = job_find(id);
    error = job == NULL ? refuse(DRMAA_ERRNO_INVALID_JOB, diagnosis, size, "no such job: %s", id)
                        : control_one(job, action, diagnosis, size);
  }
  store_unlock();
  return error;
}
