/* Which job starts next, and starting it: there is no daemon, whoever changes something looks. */
#include "scheduling.h"

#include "description.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct job_record *job_new(uint64_t number) {
  struct store *all = store();
  for (uint32_t i = 0; i < MAX_JOBS; i++) {
    struct job_record *job = &all->jobs[i];
    if (job->number != 0) continue;
    if (i >= all->used) all->used = i + 1;
    memset(job, 0, sizeof *job);
    job->number = number;
    job->exit_status = -1;
    return job;
  }
  return NULL;
}

struct job_record *job_find(const char *id) {
  struct store *all = store();
  for (uint32_t i = 0; i < all->used; i++) {
    if (all->jobs[i].number != 0 && strcmp(all->jobs[i].id, id) == 0) return &all->jobs[i];
  }
  return NULL;
}

static bool is_over(const struct job_record *job) {
  return job->state == JOB_DONE || job->state == JOB_FAILED;
}

static struct reservation_record *reservation_of(const struct job_record *job) {
  struct store *all = store();
  for (int i = 0; i < MAX_RESERVATIONS; i++) {
    struct reservation_record *reservation = &all->reservations[i];
    if (reservation->number != 0 && strcmp(reservation->id, job->reservation) == 0) return reservation;
  }
  return NULL;
}

/* How many slots the jobs of a reservation have, or with "" all that have none. */
static int64_t slots_taken(const char *reservation) {
  struct store *all = store();
  int64_t taken = 0;
  for (uint32_t i = 0; i < all->used; i++) {
    const struct job_record *job = &all->jobs[i];
    if (job->number == 0 || !job->dispatched || is_over(job)) continue;
    if (strcmp(job->reservation, reservation) == 0) taken += job->slots;
  }
  return taken;
}

int64_t slots_free(void) {
  struct store *all = store();
  int64_t left = all->slots - slots_taken("");
  int64_t now = time(NULL);
  for (int i = 0; i < MAX_RESERVATIONS; i++) {
    const struct reservation_record *reservation = &all->reservations[i];
    if (reservation->number != 0 && reservation->start <= now && now < reservation->end) left -= reservation->min_slots;
  }
  return left;
}

static int64_t running_of_array(const struct job_record *task) {
  struct store *all = store();
  int64_t running = 0;
  for (uint32_t i = 0; i < all->used; i++) {
    const struct job_record *other = &all->jobs[i];
    if (other->number == task->number && other->dispatched && !is_over(other)) running++;
  }
  return running;
}

static bool fits(const struct job_record *job, int64_t available) {
  if (job->start_after > time(NULL)) return false;
  if (job->max_parallel > 0 && running_of_array(job) >= job->max_parallel) return false;
  if (job->reservation[0] == '\0') return job->slots <= available;
  const struct reservation_record *reservation = reservation_of(job);
  if (reservation == NULL || reservation->start > time(NULL)) return false;
  return job->slots <= reservation->min_slots - slots_taken(job->reservation);
}

static bool comes_before(const struct job_record *one, const struct job_record *other) {
  if (one->priority != other->priority) return one->priority > other->priority;
  if (one->number != other->number) return one->number < other->number;
  return one->index < other->index;
}

/* A reservation that has passed takes its jobs with it, else they would wait for ever. */
static bool missed(struct job_record *job) {
  if (job->reservation[0] == '\0') return false;
  const struct reservation_record *reservation = reservation_of(job);
  if (reservation != NULL && time(NULL) < reservation->end) return false;
  copy_text(job->annotation, sizeof job->annotation, "its reservation is over");
  job->ended = time(NULL);
  job_move(job, JOB_FAILED);
  return true;
}

/* The shepherd lies beside the library; what else the shepherd needs, it has from the store. */
static bool start_shepherd(const char *verb, long long first, long long second) {
  Dl_info where;
  char program[PATH_MAX], one[32], two[32];
  if (dladdr((void *)start_shepherd, &where) == 0 || where.dli_fname == NULL) return false;
  snprintf(program, sizeof program, "%s", where.dli_fname);
  char *slash = strrchr(program, '/');
  snprintf(slash == NULL ? program : slash + 1, 16, "shepherd");
  snprintf(one, sizeof one, "%lld", first);
  snprintf(two, sizeof two, "%lld", second);
  char *arguments[] = {program, (char *)verb, one, two, NULL};

  /* As at a log-in: what the caller has in its environment besides is not the job's. */
  static const char *const kept[] = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TMPDIR"};
  char *environment[sizeof kept / sizeof *kept + 2] = {NULL};
  int count = 0;
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    const char *value = getenv(kept[i]);
    if (value != NULL && asprintf(&environment[count], "%s=%s", kept[i], value) > 0) count++;
  }
  if (asprintf(&environment[count], "DRMAA2_TEST_ROOT=%s", store_root()) > 0) count++;

  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_init(&attributes);
  /* Threads of other people's programs may block signals, and programs may ignore them. */
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  posix_spawn_file_actions_adddup2(&actions, 0, 2);
  pid_t child;
  int problem = posix_spawn(&child, program, &actions, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  for (int i = 0; i < count; i++) free(environment[i]);
  if (problem != 0) return false;
  /* It leaves a child of its own behind at once, which is nobody's. */
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void dispatch(struct job_record *job) {
  job->dispatched = true;
  if (!start_shepherd("run", job - store()->jobs, (long long)job->number)) {
    copy_text(job->annotation, sizeof job->annotation, "its shepherd could not be started");
    job->ended = time(NULL);
    job_move(job, JOB_FAILED);
  }
}

void scheduling_round(void) {
  struct store *all = store();
  for (;;) {
    int64_t available = slots_free();
    struct job_record *next = NULL;
    for (uint32_t i = 0; i < all->used; i++) {
      struct job_record *job = &all->jobs[i];
      if (job->number == 0 || job->state != JOB_QUEUED || job->dispatched || missed(job)) continue;
      if ((next == NULL || comes_before(job, next)) && fits(job, available)) next = job;
    }
    if (next == NULL) return;
    dispatch(next);
  }
}

void scheduling_at(int64_t time) {
  start_shepherd("wake", time, 0);
}

void job_end(struct job_record *job, int state, const char *annotation) {
  if (annotation != NULL && job->annotation[0] == '\0') copy_text(job->annotation, sizeof job->annotation, annotation);
  job->ended = time(NULL);
  job_move(job, state);
  scheduling_round();
}

bool job_is_over(struct job_record *job) {
  if (!is_over(job) && job->dispatched && job->shepherd != 0 && kill(job->shepherd, 0) != 0 && errno == ESRCH) {
    job_end(job, JOB_FAILED, "its shepherd was killed");
  }
  return is_over(job);
}

void job_forget(struct job_record *job) {
  struct store *all = store();
  uint64_t number = job->number;
  job->number = 0;
  for (uint32_t i = 0; i < all->used; i++) {
    if (all->jobs[i].number == number) return;
  }
  description_remove(number);
}
