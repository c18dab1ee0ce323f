/*
 * What the resource manager knows: sessions, reservations and jobs, in a file that every process
 * that uses this library with the same DRMAA2_TEST_ROOT maps into its memory. It outlives them all.
 * Nothing in it depends on a layout, so several of them can share one.
 */
#ifndef STORE_H
#define STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  MAX_JOBS = 16384,
  MAX_SESSIONS = 256,
  MAX_RESERVATIONS = 256,
  MAX_EVENTS = 4096,
  MAX_RULES = 64,
  MAX_PROCESSES = 512,
  MAX_KINDS = 24,
  NAME = 128,
  ID = 48,
  TEXT = 256
};

/* The numbers of DRMAA 2. */
enum job_state {
  JOB_UNDETERMINED = 0,
  JOB_QUEUED = 1,
  JOB_HELD = 2,
  JOB_RUNNING = 3,
  JOB_SUSPENDED = 4,
  JOB_DONE = 7,
  JOB_FAILED = 8
};

enum ending { NOT_ENDING, END_POLITELY, END_AT_ONCE };

struct job_record {
  uint64_t number; /* 0: nobody's. Tasks of one array share it. */
  int64_t index;   /* of a task */
  bool is_task;
  bool dispatched; /* has its slots, though it may not run yet */
  char id[ID];
  char session[NAME];
  char name[NAME];
  char queue[NAME];
  char category[NAME];
  char owner[NAME];
  char reservation[ID];
  char annotation[TEXT];
  int state;
  int ending;
  int exit_status; /* -1: none */
  int signal;
  int64_t slots, priority, max_parallel;
  int64_t start_after, deadline; /* 0: none; seconds since the epoch, as the next three */
  int64_t submitted, began, ended;
  int64_t cpu_seconds;
  pid_t shepherd, group;
};

struct session_record {
  char kind; /* 'j', 'r', or 0 */
  char name[NAME];
  char contact[NAME];
};

struct reservation_record {
  uint64_t number;
  char id[ID];
  char session[NAME];
  char name[NAME];
  char category[NAME];
  char users[TEXT];    /* one a line */
  char machines[TEXT]; /* one a line */
  int64_t asked_start, asked_end, asked_duration, min_slots, max_slots, memory; /* as they were asked for */
  int64_t start, end;
};

struct event_record {
  int what; /* as drmaa2_event */
  int state;
  char job[ID];
  char session[NAME];
};

/* Created and freed objects of each kind in one process: see objects.c. */
struct tally {
  uint64_t created, freed;
};
struct process_record {
  pid_t pid;
  uint64_t misused; /* frees and uses of what is not alive */
  uint64_t foreign; /* freed strings that were made elsewhere */
  struct tally kinds[MAX_KINDS];
};

struct store {
  uint32_t format;
  pthread_mutex_t lock;
  uint32_t changes; /* a futex */
  int64_t slots;
  uint64_t next_number;
  uint32_t used; /* jobs beyond it have never been used */
  uint64_t events_written;
  uint32_t processes_used;
  struct {
    uint64_t hash, calls;
  } rules[MAX_RULES];
  struct event_record events[MAX_EVENTS];
  struct process_record processes[MAX_PROCESSES];
  struct session_record sessions[MAX_SESSIONS];
  struct reservation_record reservations[MAX_RESERVATIONS];
  struct job_record jobs[MAX_JOBS];
};

/* DRMAA2_TEST_ROOT, or a directory of this user's under the temporary one. */
const char *store_root(void);

/* The store, made if there is none; null, with errno, if that cannot be. */
struct store *store(void);

void store_lock(void);
void store_unlock(void);

/* Wakes whoever waits for a change; to be called with the lock. */
void store_changed(void);

/* Returns at the next change after `seen` (store()->changes), or at the time, in ms of the monotonic clock. */
void store_wait(uint32_t seen, int64_t until);

int64_t monotonic_ms(void);

/* With the lock: says to all that listen what has happened to a job. */
void store_event(int what, const struct job_record *job);

/* With the lock: moves a job, and says so. */
void job_move(struct job_record *job, int state);

struct session_record *session_find(char kind, const char *name);

/* A copy that is cut rather than too long. */
void copy_text(char *to, size_t size, const char *from);

#endif
