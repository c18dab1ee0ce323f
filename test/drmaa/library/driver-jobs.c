/* The driver's jobs: run, held, suspended, terminated, limited; arrays; waiting. */
#include "driver.h"

#include <unistd.h>

static void entry_free(void **value) {
  drmaa2_string_free((drmaa2_string *)value);
}

drmaa2_jtemplate shell(const char *script) {
  drmaa2_jtemplate template = drmaa2_jtemplate_create();
  const char *arguments[] = {"-c", script};
  template->remoteCommand = strdup("sh");
  template->args = drmaa2_list_create(DRMAA2_STRINGLIST, entry_free);
  for (int i = 0; i < 2; i++) {
#if DRMAA2_LAYOUT == DRMAA2_PBS
    drmaa2_list_add(template->args, strdup(arguments[1 - i]));
#else
    drmaa2_list_add(template->args, strdup(arguments[i]));
#endif
  }
  return template;
}

static drmaa2_j run(drmaa2_jsession session, drmaa2_jtemplate template) {
  drmaa2_j job = drmaa2_jsession_run_job(session, template);
  CHECK(job != NULL);
  drmaa2_jtemplate_free(&template);
  return job;
}

static drmaa2_jstate state_of(drmaa2_j job) {
  drmaa2_string substate;
  drmaa2_jstate state = drmaa2_j_get_state(job, &substate);
  drmaa2_string_free(&substate);
  return state;
}

static drmaa2_jtemplate template_of(drmaa2_j job) {
#if DRMAA2_LAYOUT == DRMAA2_OGF
  return drmaa2_j_get_jt(job);
#else
  return drmaa2_j_get_jtemplate(job);
#endif
}

static void drive_one(drmaa2_jsession session) {
  char output[] = "/tmp/drmaa2-driver-XXXXXX", text[64] = "";
  close(mkstemp(output));
  drmaa2_jtemplate template = shell("echo $SAID; ulimit -n; exit 3");
  template->jobEnvironment = drmaa2_dict_create(NULL);
  drmaa2_dict_set(template->jobEnvironment, "SAID", "a=b c");
  template->resourceLimits = drmaa2_dict_create(NULL);
  drmaa2_dict_set(template->resourceLimits, "OPEN_FILES", "77");
  template->outputPath = strdup(output);
  template->jobName = strdup("talker");
  drmaa2_set_instance_value(template, "testNote", "kept");
  drmaa2_j job = run(session, template);
  CHECK(drmaa2_j_wait_started(job, DRMAA2_INFINITE_TIME) == DRMAA2_SUCCESS);
  CHECK(drmaa2_j_wait_terminated(job, 60) == DRMAA2_SUCCESS);
  CHECK(state_of(job) == DRMAA2_FAILED);
  drmaa2_jinfo info = drmaa2_j_get_info(job);
  CHECK(info->exitStatus == 3 && info->terminatingSignal == NULL && info->slots == 1);
  drmaa2_jinfo_free(&info);
  template = template_of(job);
  CHECK(strcmp(template->jobName, "talker") == 0 && drmaa2_list_size(template->args) == 2);
  CHECK(strcmp(drmaa2_dict_get(template->jobEnvironment, "SAID"), "a=b c") == 0);
  CHECK_STRING(drmaa2_get_instance_value(template, "testNote"), "kept");
  drmaa2_jtemplate_free(&template);
  FILE *file = fopen(output, "r");
  CHECK(fread(text, 1, sizeof text - 1, file) > 0 && strcmp(text, "a=b c\n77\n") == 0);
  fclose(file);
  unlink(output);
#if DRMAA2_LAYOUT != DRMAA2_OGF
  CHECK(drmaa2_j_reap(job) == DRMAA2_SUCCESS && state_of(job) == DRMAA2_UNDETERMINED);
#endif
  drmaa2_j_free(&job);
}

static void drive_control(drmaa2_jsession session) {
  drmaa2_jtemplate template = shell("sleep 60");
  template->submitAsHold = DRMAA2_TRUE;
  drmaa2_j job = run(session, template);
  CHECK(state_of(job) == DRMAA2_QUEUED_HELD);
  CHECK(drmaa2_j_wait_started(job, DRMAA2_ZERO_TIME) == DRMAA2_TIMEOUT);
  CHECK(drmaa2_j_suspend(job) == DRMAA2_INVALID_STATE && drmaa2_j_hold(job) == DRMAA2_INVALID_STATE);
  CHECK(drmaa2_j_release(job) == DRMAA2_SUCCESS);
  CHECK(drmaa2_j_wait_started(job, 60) == DRMAA2_SUCCESS);
  CHECK(drmaa2_j_suspend(job) == DRMAA2_SUCCESS && state_of(job) == DRMAA2_SUSPENDED);
  CHECK(drmaa2_j_resume(job) == DRMAA2_SUCCESS && state_of(job) == DRMAA2_RUNNING);
  CHECK(drmaa2_j_terminate(job) == DRMAA2_SUCCESS);
  CHECK(drmaa2_j_wait_terminated(job, 60) == DRMAA2_SUCCESS);
  CHECK(drmaa2_j_terminate(job) == DRMAA2_INVALID_STATE);
  drmaa2_jinfo info = drmaa2_j_get_info(job);
  CHECK(strcmp(info->terminatingSignal, "SIGTERM") == 0 && strcmp(info->annotation, "terminated") == 0);
  drmaa2_jinfo_free(&info);
  drmaa2_j_free(&job);

  template = shell("trap '' TERM; while :; do sleep 1; done");
  template->resourceLimits = drmaa2_dict_create(NULL);
  drmaa2_dict_set(template->resourceLimits, "WALLCLOCK_TIME", "1");
  job = run(session, template);
  CHECK(drmaa2_j_wait_terminated(job, 60) == DRMAA2_SUCCESS);
  info = drmaa2_j_get_info(job);
  CHECK(strcmp(info->terminatingSignal, "SIGKILL") == 0 && strcmp(info->annotation, "its time was over") == 0);
  drmaa2_jinfo_free(&info);
  drmaa2_j_free(&job);
}

static void drive_refusals(drmaa2_jsession session) {
  drmaa2_jtemplate template = drmaa2_jtemplate_create();
  CHECK(drmaa2_jsession_run_job(session, template) == NULL && drmaa2_lasterror() == DRMAA2_INVALID_ARGUMENT);
  template->remoteCommand = strdup("true");
  template->stageInFiles = drmaa2_dict_create(NULL);
  CHECK(drmaa2_jsession_run_job(session, template) == NULL && drmaa2_lasterror() == DRMAA2_UNSUPPORTED_ATTRIBUTE);
  drmaa2_dict_free(&template->stageInFiles);
  template->workingDirectory = strdup("/no/such/directory");
  drmaa2_j job = run(session, template);
  CHECK(drmaa2_j_wait_terminated(job, 60) == DRMAA2_SUCCESS && state_of(job) == DRMAA2_FAILED);
  drmaa2_jinfo info = drmaa2_j_get_info(job);
  CHECK(strstr(info->annotation, "/no/such/directory: No such file") != NULL);
  drmaa2_jinfo_free(&info);
  drmaa2_j_free(&job);
}

static void drive_array(drmaa2_jsession session) {
  drmaa2_jtemplate template = shell("exit $DRMAA2_INDEX");
  drmaa2_jarray array = drmaa2_jsession_run_bulk_jobs(session, template, 1, 5, 2, 2);
  CHECK(array != NULL);
  drmaa2_jtemplate_free(&template);
  drmaa2_string id = drmaa2_jarray_get_id(array);
  drmaa2_jarray_free(&array);
  array = drmaa2_jsession_get_job_array(session, id);
  drmaa2_string_free(&id);
  CHECK_STRING(drmaa2_jarray_get_session_name(array), "driver");
  drmaa2_j_list jobs = drmaa2_jarray_get_jobs(array);
  CHECK(drmaa2_list_size(jobs) == 3);
  drmaa2_j first = drmaa2_jsession_wait_any_terminated(session, jobs, DRMAA2_INFINITE_TIME);
  CHECK(first != NULL);
#if DRMAA2_LAYOUT != DRMAA2_UGE
  drmaa2_j_free(&first);
#endif
  first = drmaa2_jsession_wait_any_started(session, jobs, 60);
  CHECK(first != NULL);
#if DRMAA2_LAYOUT != DRMAA2_UGE
  drmaa2_j_free(&first);
#endif
  for (long i = 0; i < 3; i++) {
    drmaa2_j task = (drmaa2_j)drmaa2_list_get(jobs, i);
    CHECK(drmaa2_j_wait_terminated(task, 60) == DRMAA2_SUCCESS);
    drmaa2_jinfo info = drmaa2_j_get_info(task);
    CHECK(info->exitStatus == 1 + 2 * i);
    drmaa2_jinfo_free(&info);
  }
  drmaa2_list_free(&jobs);
  CHECK(drmaa2_jarray_terminate(array) == DRMAA2_INVALID_STATE);
  drmaa2_jarray_free(&array);

  drmaa2_jinfo filter = drmaa2_jinfo_create();
  filter->jobState = DRMAA2_FAILED;
  filter->exitStatus = 5;
  jobs = drmaa2_jsession_get_jobs(session, filter);
  CHECK(drmaa2_list_size(jobs) == 1);
  drmaa2_list_free(&jobs);
  drmaa2_jinfo_free(&filter);
}

void drive_jobs(drmaa2_jsession session) {
  drmaa2_string_list categories = drmaa2_jsession_get_job_categories(session);
  CHECK(drmaa2_list_size(categories) == 2);
  drmaa2_list_free(&categories);
  drive_one(session);
  drive_control(session);
  drive_refusals(session);
  drive_array(session);
}
