/* Arrays: what is done to one is done to each of its tasks that can still have it done. */
#include "handles.h"
#include "lists.h"
#include "scheduling.h"

drmaa2_string drmaa2_jarray_get_id(const drmaa2_jarray array) {
  ENTER_POINTER();
  NEED(array, JARRAY, NULL);
  return string_new(array->id);
}

drmaa2_string drmaa2_jarray_get_session_name(const drmaa2_jarray array) {
  ENTER_POINTER();
  NEED(array, JARRAY, NULL);
  return string_new(array->session);
}

drmaa2_j_list drmaa2_jarray_get_jobs(const drmaa2_jarray array) {
  ENTER_POINTER();
  NEED(array, JARRAY, NULL);
  drmaa2_list tasks = list_of(DRMAA2_JOBLIST);
  struct store *all = store();
  store_lock();
  for (uint32_t i = 0; i < all->used; i++) {
    if (all->jobs[i].number == array->number) list_append(tasks, job_handle(&all->jobs[i]));
  }
  store_unlock();
  return tasks;
}

#if DRMAA2_LAYOUT == DRMAA2_OGF || DRMAA2_LAYOUT == DRMAA2_UGE
drmaa2_jtemplate drmaa2_jarray_get_job_template(const drmaa2_jarray array) {
  ENTER_POINTER();
  NEED(array, JARRAY, NULL);
  return jtemplate_of(array->number);
}
#endif

#if DRMAA2_LAYOUT != DRMAA2_OGF
drmaa2_jtemplate drmaa2_jarray_get_jtemplate(const drmaa2_jarray array) {
  ENTER_POINTER();
  NEED(array, JARRAY, NULL);
  return jtemplate_of(array->number);
}
#endif

void drmaa2_jarray_free(drmaa2_jarray *array) {
  object_end(*array, JARRAY);
  *array = NULL;
}

static drmaa2_error control(drmaa2_jarray array, enum control action) {
  NEED(array, JARRAY, DRMAA2_INVALID_ARGUMENT);
  struct store *all = store();
  bool any = false;
  store_lock();
  /* From the last to the first, so that nothing starts in place of what is being ended. */
  for (uint32_t i = all->used; i-- > 0;) {
    struct job_record *task = &all->jobs[i];
    if (task->number == array->number && job_control(task, action) == 0) any = true;
  }
  store_unlock();
  return any ? DRMAA2_SUCCESS : refuse(DRMAA2_INVALID_STATE, "the array %s has no task in such a state", array->id);
}

#define CONTROL(name, action) \
  drmaa2_error drmaa2_jarray_##name(drmaa2_jarray array) { \
    ENTER_ERROR(); \
    return control(array, action); \
  }
CONTROL(suspend, SUSPEND)
CONTROL(resume, RESUME)
CONTROL(hold, HOLD)
CONTROL(release, RELEASE)
CONTROL(terminate, TERMINATE)

#if DRMAA2_LAYOUT == DRMAA2_PBS
drmaa2_error drmaa2_jarray_reap(drmaa2_jarray array) {
  ENTER_ERROR();
  NEED(array, JARRAY, DRMAA2_INVALID_ARGUMENT);
  struct store *all = store();
  store_lock();
  for (uint32_t i = 0; i < all->used; i++) {
    struct job_record *task = &all->jobs[i];
    if (task->number != array->number) continue;
    if (job_is_over(task)) job_forget(task);
    else refuse(DRMAA2_INVALID_STATE, "the task %s is not over", task->id);
  }
  store_unlock();
  return drmaa2_lasterror();
}
#endif
