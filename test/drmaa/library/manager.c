/* The session manager: sessions of all kinds, and what the library says about itself. */
#include "description.h"
#include "handles.h"
#include "lists.h"
#include "scheduling.h"
#include "values.h"

#include <string.h>

drmaa2_string drmaa2_get_drms_name(void) {
  ENTER_POINTER();
  return string_new("pstar-test");
}

drmaa2_version drmaa2_get_drms_version(void) {
  ENTER_POINTER();
  return version_new("3", "1");
}

#if DRMAA2_LAYOUT != DRMAA2_UGE
drmaa2_string drmaa2_get_drmaa_name(void) {
  ENTER_POINTER();
  return string_new("the DRMAA 2 library of pstar's tests");
}

drmaa2_version drmaa2_get_drmaa_version(void) {
  ENTER_POINTER();
  return version_new("2", "0");
}
#endif

drmaa2_bool drmaa2_supports(const drmaa2_capability capability) {
  ENTER(DRMAA2_FALSE);
  switch (capability) {
    case DRMAA2_ADVANCE_RESERVATION:
    case DRMAA2_RESERVE_SLOTS:
    case DRMAA2_CALLBACK:
    case DRMAA2_BULK_JOBS_MAXPARALLEL:
    case DRMAA2_JT_DEADLINE:
    case DRMAA2_JT_MAXSLOTS:
    case DRMAA2_JT_ACCOUNTINGID:
    case DRMAA2_RT_STARTNOW:
    case DRMAA2_RT_DURATION:
      return DRMAA2_TRUE;
    default:
      return DRMAA2_FALSE;
  }
}

static struct session_record *session_make(char kind, const char *name, const char *contact) {
  if (name == NULL || *name == '\0' || strlen(name) >= NAME) {
    refuse(DRMAA2_INVALID_ARGUMENT, "a session needs a name of at most %d characters", NAME - 1);
    return NULL;
  }
  if (session_find(kind, name) != NULL) {
    refuse(DRMAA2_INVALID_ARGUMENT, "there is a session %s already", name);
    return NULL;
  }
  for (int i = 0; i < MAX_SESSIONS; i++) {
    struct session_record *session = &store()->sessions[i];
    if (session->kind != 0) continue;
    session->kind = kind;
    copy_text(session->name, sizeof session->name, name);
    copy_text(session->contact, sizeof session->contact, contact == NULL ? "pstar-test" : contact);
    return session;
  }
  refuse(DRMAA2_OUT_OF_RESOURCE, "there are %d sessions already", MAX_SESSIONS);
  return NULL;
}

static struct session_record *session_known(char kind, const char *name) {
  struct session_record *session = name == NULL ? NULL : session_find(kind, name);
  if (session == NULL) refuse(DRMAA2_INVALID_SESSION, "there is no session %s", name == NULL ? "without a name" : name);
  return session;
}

#define SESSION_FUNCTIONS(letter, KIND, type) \
  static type type##_of(const struct session_record *record) { \
    if (record == NULL) return NULL; \
    type session = object_new(KIND, sizeof *session); \
    copy_text(session->name, sizeof session->name, record->name); \
    copy_text(session->contact, sizeof session->contact, record->contact); \
    return session; \
  } \
  type drmaa2_create_##letter##session(const char *name, const char *contact) { \
    ENTER_POINTER(); \
    store_lock(); \
    type session = type##_of(session_make(#letter[0], name, contact)); \
    store_unlock(); \
    return session; \
  } \
  type drmaa2_open_##letter##session(const char *name) { \
    ENTER_POINTER(); \
    store_lock(); \
    type session = type##_of(session_known(#letter[0], name)); \
    store_unlock(); \
    return session; \
  } \
  bool letter##session_usable(const type session) { \
    NEED(session, KIND, false); \
    store_lock(); \
    bool known = session_known(#letter[0], session->name) != NULL; \
    store_unlock(); \
    if (session->closed) refuse(DRMAA2_INVALID_SESSION, "the session %s is closed", session->name); \
    return known && !session->closed; \
  } \
  drmaa2_error drmaa2_close_##letter##session(type session) { \
    ENTER_ERROR(); \
    NEED(session, KIND, DRMAA2_INVALID_ARGUMENT); \
    if (session->closed) return refuse(DRMAA2_INVALID_SESSION, "the session %s is closed", session->name); \
    session->closed = true; \
    return DRMAA2_SUCCESS; \
  } \
  void drmaa2_##letter##session_free(type *session) { \
    object_end(*session, KIND); \
    *session = NULL; \
  } \
  drmaa2_string drmaa2_##letter##session_get_contact(const type session) { \
    ENTER_POINTER(); \
    return letter##session_usable(session) ? string_new(session->contact) : NULL; \
  } \
  drmaa2_string drmaa2_##letter##session_get_session_name(const type session) { \
    ENTER_POINTER(); \
    return letter##session_usable(session) ? string_new(session->name) : NULL; \
  } \
  drmaa2_string_list drmaa2_get_##letter##session_names(void) { \
    ENTER_POINTER(); \
    return session_names(#letter[0]); \
  }

static drmaa2_string_list session_names(char kind) {
  drmaa2_list names = list_of(DRMAA2_STRINGLIST);
  store_lock();
  for (int i = 0; i < MAX_SESSIONS; i++) {
    const struct session_record *session = &store()->sessions[i];
    if (session->kind != kind) continue;
#if DRMAA2_LAYOUT == DRMAA2_UGE
    /* UGE puts the user before it. */
    char name[2 * NAME];
    snprintf(name, sizeof name, "%s@%s", user_name(), session->name);
    list_append(names, string_new(name));
#else
    list_append(names, string_new(session->name));
#endif
  }
  store_unlock();
  return names;
}

SESSION_FUNCTIONS(j, JSESSION, drmaa2_jsession)
SESSION_FUNCTIONS(r, RSESSION, drmaa2_rsession)

/* Jobs of a session that is destroyed end, and nobody knows them any more. */
drmaa2_error drmaa2_destroy_jsession(const char *name) {
  ENTER_ERROR();
  store_lock();
  struct store *all = store();
  struct session_record *session = session_known('j', name);
  for (uint32_t i = 0; session != NULL && i < all->used; i++) {
    struct job_record *job = &all->jobs[i];
    if (job->number == 0 || strcmp(job->session, name) != 0) continue;
    job_control(job, TERMINATE);
    if (job_is_over(job)) job_forget(job);
  }
  if (session != NULL) session->kind = 0;
  store_unlock();
  return drmaa2_lasterror();
}

drmaa2_error drmaa2_destroy_rsession(const char *name) {
  ENTER_ERROR();
  store_lock();
  struct session_record *session = session_known('r', name);
  for (int i = 0; session != NULL && i < MAX_RESERVATIONS; i++) {
    struct reservation_record *reservation = &store()->reservations[i];
    if (reservation->number != 0 && strcmp(reservation->session, name) == 0) reservation->number = 0;
  }
  if (session != NULL) session->kind = 0;
  scheduling_round();
  store_unlock();
  return drmaa2_lasterror();
}
