/* The shared file: making it, locking it, waiting for changes of it. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FORMAT = 0x50530001 };

static struct store *mapped;
static int trouble;
static pthread_once_t once = PTHREAD_ONCE_INIT;

const char *store_root(void) {
  static char fallback[PATH_MAX];
  const char *root = getenv("DRMAA2_TEST_ROOT");
  if (root != NULL && *root != '\0') return root;
  const char *temporary = getenv("TMPDIR");
  snprintf(fallback, sizeof fallback, "%s/drmaa2-test-%u", temporary == NULL ? "/tmp" : temporary, getuid());
  return fallback;
}

static void initialise(struct store *fresh) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  /* Programs are killed in tests, also while they hold it. */
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&fresh->lock, &attributes);
  pthread_mutexattr_destroy(&attributes);
  const char *slots = getenv("DRMAA2_TEST_SLOTS");
  fresh->slots = slots == NULL ? 8 : atol(slots);
  fresh->next_number = 1;
  fresh->format = FORMAT;
}

static int open_file(void) {
  char path[PATH_MAX];
  if (mkdir(store_root(), 0700) != 0 && errno != EEXIST) return -1;
  snprintf(path, sizeof path, "%s/jobs", store_root());
  if (mkdir(path, 0700) != 0 && errno != EEXIST) return -1;
  snprintf(path, sizeof path, "%s/store", store_root());
  return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static void map(void) {
  int file = open_file();
  if (file < 0) {
    trouble = errno;
    return;
  }
  flock(file, LOCK_EX);
  struct stat status;
  if (fstat(file, &status) != 0 || (status.st_size < (off_t)sizeof *mapped && ftruncate(file, sizeof *mapped) != 0)) {
    trouble = errno;
  } else {
    void *memory = mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) {
      trouble = errno;
    } else {
      mapped = memory;
      if (mapped->format != FORMAT) initialise(mapped);
    }
  }
  flock(file, LOCK_UN); /* closing does not: the mapping keeps the file open */
  close(file);
}

struct store *store(void) {
  pthread_once(&once, map);
  if (mapped == NULL) errno = trouble;
  return mapped;
}

void store_lock(void) {
  if (pthread_mutex_lock(&store()->lock) == EOWNERDEAD) pthread_mutex_consistent(&mapped->lock);
}

void store_unlock(void) {
  pthread_mutex_unlock(&mapped->lock);
}

void store_changed(void) {
  __atomic_add_fetch(&mapped->changes, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &mapped->changes, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

int64_t monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void store_wait(uint32_t seen, int64_t until) {
  int64_t left = until - monotonic_ms();
  if (left <= 0) return;
  struct timespec time = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
  syscall(SYS_futex, &mapped->changes, FUTEX_WAIT, seen, &time, NULL, 0);
}

void copy_text(char *to, size_t size, const char *from) {
  snprintf(to, size, "%s", from == NULL ? "" : from);
}

void store_event(int what, const struct job_record *job) {
  struct event_record *event = &mapped->events[mapped->events_written % MAX_EVENTS];
  event->what = what;
  event->state = job->state;
  memcpy(event->job, job->id, sizeof event->job);
  memcpy(event->session, job->session, sizeof event->session);
  mapped->events_written++;
  store_changed();
}

void job_move(struct job_record *job, int state) {
  if (job->state == state) return;
  job->state = state;
  store_event(0, job);
}

struct session_record *session_find(char kind, const char *name) {
  for (int i = 0; i < MAX_SESSIONS; i++) {
    struct session_record *session = &mapped->sessions[i];
    if (session->kind == kind && strcmp(session->name, name) == 0) return session;
  }
  return NULL;
}
