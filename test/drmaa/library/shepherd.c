/*
 * The program that looks after one job from its start to its end, in a session of its own, so that
 * jobs outlive the programs that submit them. It is also what tests ask about the store:
 *
 *   shepherd run SLOT NUMBER     what the library starts
 *   shepherd wake TIME           has a scheduling round begin then
 *   shepherd counters            objects of every process that has used this root, as JSON
 *   shepherd event WHAT JOB      sends a notification of that number about a job
 */
#include "counting.h"
#include "description.h"
#include "job-process.h"
#include "scheduling.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_MS = 1000, LOOK_MS = 1000 };

struct watch {
  struct job_record *job;
  pid_t child;
  int64_t wall_until; /* monotonic ms; 0: no limit */
  int64_t kill_at;    /* the same, once it has been asked to end */
  bool stopped;       /* killed at once: there is nothing more to do but to wait */
};

static void kill_now(struct watch *watch, const char *reason) {
  if (reason != NULL) copy_text(watch->job->annotation, sizeof watch->job->annotation, reason);
  kill(-watch->child, SIGKILL);
  watch->stopped = true;
}

/* With the lock: someone wants the job to end. */
static void heed(struct watch *watch) {
  if (watch->job->ending == NOT_ENDING || watch->stopped) return;
  if (watch->job->ending == END_AT_ONCE) {
    kill_now(watch, "terminated");
  } else if (watch->kill_at == 0) {
    copy_text(watch->job->annotation, sizeof watch->job->annotation, "terminated");
    kill(-watch->child, SIGTERM);
    kill(-watch->child, SIGCONT);
    watch->kill_at = monotonic_ms() + GRACE_MS;
  }
}

/* Seconds after which, or at which, the job has to be over, whichever comes first. */
static int64_t wall_limit(const struct description *description, const struct job_record *job) {
  const char *seconds = description_get(description, "limit.WALLCLOCK_TIME");
  int64_t until = seconds == NULL ? 0 : monotonic_ms() + atoll(seconds) * 1000;
  if (job->deadline == 0) return until;
  int64_t deadline = monotonic_ms() + (job->deadline - time(NULL)) * 1000;
  return until == 0 || deadline < until ? deadline : until;
}

static void pass_time(struct watch *watch) {
  int64_t now = monotonic_ms();
  if (watch->stopped) return;
  if (watch->wall_until != 0 && now >= watch->wall_until) kill_now(watch, "its time was over");
  else if (watch->kill_at != 0 && now >= watch->kill_at) kill_now(watch, NULL);
}

/* Milliseconds until something has to be looked at, whatever else happens. */
static int64_t time_left(const struct watch *watch) {
  int64_t left = LOOK_MS, now = monotonic_ms();
  if (watch->wall_until != 0 && watch->wall_until - now < left) left = watch->wall_until - now;
  if (watch->kill_at != 0 && watch->kill_at - now < left) left = watch->kill_at - now;
  return left < 0 || watch->stopped ? LOOK_MS : left;
}

/* When the directory is removed, the test is over, and nobody will ever ask. */
static bool abandoned(void) {
  return access(store_root(), F_OK) != 0;
}

/* Until the job's process has ended; returns its wait status. */
static int look_after(struct watch *watch, const sigset_t *signals, struct rusage *usage) {
  for (;;) {
    int status;
    pid_t ended = wait4(watch->child, &status, WNOHANG, usage);
    if (ended == watch->child) return status;
    store_lock();
    heed(watch);
    store_unlock();
    pass_time(watch);
    if (abandoned()) kill_now(watch, "its resource manager is gone");
    int64_t left = time_left(watch);
    struct timespec time = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
    sigtimedwait(signals, NULL, &time);
  }
}

static void conclude(struct job_record *job, int status, const struct rusage *usage) {
  store_lock();
  job->cpu_seconds = usage->ru_utime.tv_sec + usage->ru_stime.tv_sec;
  if (WIFSIGNALED(status)) job->signal = WTERMSIG(status);
  else job->exit_status = WEXITSTATUS(status);
  bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0 && job->ending == NOT_ENDING;
  job_end(job, well ? JOB_DONE : JOB_FAILED, NULL);
  store_unlock();
}

static void give_up(struct job_record *job, const char *reason) {
  store_lock();
  job_end(job, JOB_FAILED, reason);
  store_unlock();
}

static void run(struct job_record *job) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  struct description description = description_open(job->number);
  if (job->ending != NOT_ENDING || description.text == NULL) {
    give_up(job, description.text == NULL ? "its description is lost" : "terminated before it ran");
    description_close(&description);
    return;
  }
  char problem[TEXT] = "";
  struct watch watch = {.job = job, .wall_until = wall_limit(&description, job)};
  watch.child = job_process(&description, job, problem, sizeof problem);
  description_close(&description);
  if (watch.child < 0) {
    give_up(job, problem);
    return;
  }
  store_lock();
  job->group = watch.child;
  job->began = time(NULL);
  job_move(job, JOB_RUNNING);
  store_unlock();
  struct rusage usage = {0};
  int status = look_after(&watch, &signals, &usage);
  kill(-watch.child, SIGKILL); /* what it has left behind */
  if (!abandoned()) conclude(job, status, &usage);
}

static void wake(int64_t at) {
  while (time(NULL) < at && !abandoned()) usleep(LOOK_MS * 1000);
  if (abandoned()) return;
  store_lock();
  scheduling_round();
  store_unlock();
}

/* Leaves a process behind that has no parent among those that use the library. True in that one. */
static bool detach(struct job_record *job) {
  pid_t child = fork();
  if (child < 0) _exit(1);
  if (child > 0) {
    if (job != NULL) job->shepherd = child;
    _exit(0);
  }
  setsid();
  return chdir("/") == 0;
}

int main(int count, char **arguments) {
  const char *verb = count > 1 ? arguments[1] : "";
  if (abandoned() || store() == NULL) return 1;
  if (strcmp(verb, "run") == 0 && count == 4) {
    struct job_record *job = &store()->jobs[atoi(arguments[2])];
    close_range(3, ~0U, 0);
    if (job->number != strtoull(arguments[3], NULL, 10)) return 1;
    if (detach(job)) run(job);
  } else if (strcmp(verb, "wake") == 0 && count >= 3) {
    if (detach(NULL)) wake(atoll(arguments[2]));
  } else if (strcmp(verb, "counters") == 0) {
    counters_print(stdout);
  } else if (strcmp(verb, "event") == 0 && count == 4) {
    store_lock();
    struct job_record *job = job_find(arguments[3]);
    if (job != NULL) store_event(atoi(arguments[2]), job);
    store_unlock();
    return job == NULL;
  } else {
    fprintf(stderr, "shepherd: what is '%s'?\n", verb);
    return 2;
  }
  return 0;
}
