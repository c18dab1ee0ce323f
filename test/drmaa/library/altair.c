/* What only Altair's library has: acting for others, and ending jobs in numbers. */
#include "errors.h"
#include "handles.h"
#include "lists.h"
#include "scheduling.h"
#include "values.h"

#if DRMAA2_LAYOUT == DRMAA2_AGE

#include <string.h>
#include <unistd.h>

drmaa2_rinfo drmaa2_rinfo_create(void) {
  ENTER_POINTER();
  return rinfo_new();
}

/* One can only ever act for oneself here. */
static bool may_act(const drmaa2_sudo as) {
  if (as != NULL && (strcmp(as->username, user_name()) == 0 || as->uid == (long)getuid())) return true;
  refuse(DRMAA2_DENIED_BY_DRMS, "nobody can act for %s", as == NULL ? "nobody" : as->username);
  return false;
}

/* A function that does as another one, if that is allowed. */
#define AS(type, name, otherwise, parameters, arguments) \
  type drmaa2_##name##_as parameters { \
    ENTER(otherwise); \
    return may_act(as) ? drmaa2_##name arguments : otherwise; \
  }
#define AS_POINTER(type, name, parameters, arguments) AS(type, name, NULL, parameters, arguments)
#define AS_ERROR(name, parameters, arguments) AS(drmaa2_error, name, drmaa2_lasterror(), parameters, arguments)

AS_POINTER(drmaa2_jsession, create_jsession, (const drmaa2_sudo as, const char *name, const char *contact),
    (name, contact))
AS_POINTER(drmaa2_rsession, create_rsession, (const drmaa2_sudo as, const char *name, const char *contact),
    (name, contact))
AS_ERROR(destroy_jsession, (const drmaa2_sudo as, const char *name), (name))
AS_ERROR(destroy_rsession, (const drmaa2_sudo as, const char *name), (name))
AS_POINTER(drmaa2_j, jsession_run_job,
    (const drmaa2_sudo as, const drmaa2_jsession session, const drmaa2_jtemplate template), (session, template))
AS_POINTER(drmaa2_jarray, jsession_run_bulk_jobs,
    (const drmaa2_sudo as, const drmaa2_jsession session, const drmaa2_jtemplate template, drmaa2_index begin,
        drmaa2_index end, drmaa2_index step, drmaa2_index max_parallel),
    (session, template, begin, end, step, max_parallel))
AS_POINTER(drmaa2_r, rsession_request_reservation,
    (const drmaa2_sudo as, const drmaa2_rsession session, const drmaa2_rtemplate template), (session, template))
AS_ERROR(r_terminate, (const drmaa2_sudo as, drmaa2_r reservation), (reservation))
AS_ERROR(j_suspend, (const drmaa2_sudo as, drmaa2_j job), (job))
AS_ERROR(j_resume, (const drmaa2_sudo as, drmaa2_j job), (job))
AS_ERROR(j_hold, (const drmaa2_sudo as, drmaa2_j job), (job))
AS_ERROR(j_release, (const drmaa2_sudo as, drmaa2_j job), (job))
AS_ERROR(j_terminate, (const drmaa2_sudo as, drmaa2_j job), (job))
AS_ERROR(j_terminate_all, (const drmaa2_sudo as, const drmaa2_jsession session), (session))

static drmaa2_error terminate_all(const drmaa2_jsession session, enum control how) {
  if (!jsession_usable(session)) return drmaa2_lasterror();
  struct store *all = store();
  store_lock();
  for (uint32_t i = all->used; i-- > 0;) {
    struct job_record *job = &all->jobs[i];
    if (job->number != 0 && strcmp(job->session, session->name) == 0) job_control(job, how);
  }
  store_unlock();
  return DRMAA2_SUCCESS;
}

drmaa2_error drmaa2_j_terminate_all(const drmaa2_jsession session) {
  ENTER_ERROR();
  return terminate_all(session, TERMINATE);
}

drmaa2_error drmaa2_j_terminate_forced_all(const drmaa2_jsession session) {
  ENTER_ERROR();
  return terminate_all(session, TERMINATE_AT_ONCE);
}

#endif
