/* The DRMAA 1 library: its session and what it says about itself. */
#include "drmaa1.h"

#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool active;
static char session[NAME];
static _Thread_local bool nonsense;
static _Thread_local int told;

int refuse(int error, char *diagnosis, size_t size, const char *format, ...) {
  if (diagnosis == NULL || size == 0) return error;
  va_list values;
  va_start(values, format);
  vsnprintf(diagnosis, size, format, values);
  va_end(values);
  return error;
}

const char *session_name(void) {
  return active ? session : NULL;
}

bool is_ours(const struct job_record *job) {
  return active && job->number != 0 && strcmp(job->session, session) == 0;
}

bool garbage(void) {
  return nonsense;
}

int told_or(int otherwise) {
  return told < 0 ? otherwise : told;
}

int begin(const char *function, bool needs_session, char *diagnosis, size_t size) {
  int number = 0;
  nonsense = false;
  if (store() == NULL) {
    return refuse(DRMAA_ERRNO_DRM_COMMUNICATION_FAILURE, diagnosis, size, "%s: %s", store_root(), strerror(errno));
  }
  process_record(); /* made now: the first object may be made while the store is locked */
  process_record(); /* made before the lock is wanted for anything else: it takes it itself */
  enum failure failure = failure_of(function, &number);
  if (failure == ERROR) return refuse(number, diagnosis, size, "%s was told to fail", function);
  nonsense = failure == GARBAGE;
  told = failure == ANSWER ? number : -1;
  if (needs_session && !active) return refuse(DRMAA_ERRNO_NO_ACTIVE_SESSION, diagnosis, size, "there is no session");
  return DRMAA_ERRNO_SUCCESS;
}

/* `session=NAME`, which is what get_contact() says, enters that session again; without, there is a new one. */
int drmaa_init(const char *contact, char *diagnosis, size_t size) {
  static unsigned count;
  BEGIN(false);
  int error = DRMAA_ERRNO_SUCCESS;
  pthread_mutex_lock(&lock);
  if (active) {
    error = refuse(DRMAA_ERRNO_ALREADY_ACTIVE_SESSION, diagnosis, size, "there is a session already");
  } else if (contact == NULL || *contact == '\0') {
    snprintf(session, sizeof session, "test.%d.%u", getpid(), ++count);
    active = true;
  } else if (strncmp(contact, "session=", 8) == 0 && contact[8] != '\0') {
    copy_text(session, sizeof session, contact + 8);
    active = true;
  } else {
    error = refuse(DRMAA_ERRNO_INVALID_CONTACT_STRING, diagnosis, size, "not a contact: %s", contact);
  }
  pthread_mutex_unlock(&lock);
  return error;
}

int drmaa_exit(char *diagnosis, size_t size) {
  BEGIN(true);
  pthread_mutex_lock(&lock);
  active = false;
  pthread_mutex_unlock(&lock);
  store_lock();
  store_changed(); /* whoever waits for a job waits no longer */
  store_unlock();
  return DRMAA_ERRNO_SUCCESS;
}

static int answer(char *into, size_t into_size, const char *text) {
  copy_text(into, into_size, nonsense ? "\xff\xfe\x01" : text);
  return DRMAA_ERRNO_SUCCESS;
}

int drmaa_get_contact(char *contact, size_t contact_size, char *diagnosis, size_t size) {
  BEGIN(false);
  char text[NAME + 16] = "session=";
  if (active) copy_text(text + 8, sizeof text - 8, session);
  return answer(contact, contact_size, active ? text : "");
}

int drmaa_get_DRM_system(char *name, size_t name_size, char *diagnosis, size_t size) {
  BEGIN(false);
  return answer(name, name_size, "pstar-test 3.1");
}

int drmaa_get_DRMAA_implementation(char *name, size_t name_size, char *diagnosis, size_t size) {
  BEGIN(false);
  return answer(name, name_size, "the DRMAA 1 library of pstar's tests");
}

int drmaa_version(unsigned *major, unsigned *minor, char *diagnosis, size_t size) {
  BEGIN(false);
  *major = nonsense ? 0xffffffffu : 1;
  *minor = 0;
  return DRMAA_ERRNO_SUCCESS;
}

const char *drmaa_strerror(int error) {
  static const char *const texts[] = {
      "success", "internal error", "the resource manager cannot be reached", "not authorized", "invalid argument",
      "no active session", "no memory", "invalid contact", "the default contact cannot be used",
      "no default contact", "initialisation failed", "there is a session already", "leaving failed",
      "invalid format of an attribute", "invalid value of an attribute", "attributes contradict each other",
      "try later", "denied by the resource manager", "no such job", "cannot be resumed", "cannot be suspended",
      "cannot be held", "cannot be released", "the time is over", "no usage is known", "no more elements",
  };
  return error >= 0 && error <= DRMAA_ERRNO_NO_MORE_ELEMENTS ? texts[error] : "no error of DRMAA";
}
