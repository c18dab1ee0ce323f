/* When jobs start, and what can be done to them. All of it is to be called with the store's lock. */
#ifndef SCHEDULING_H
#define SCHEDULING_H

#include "store.h"

#include <stddef.h>

/* What control() can be asked for; the answers are DRMAA 2's errors. */
enum control { SUSPEND, RESUME, HOLD, RELEASE, TERMINATE, TERMINATE_AT_ONCE };

/* A free record with a number and nothing else; null if all are taken. */
struct job_record *job_new(uint64_t number);

/* The record of an id, or null. */
struct job_record *job_find(const char *id);

/* Starts whatever can be started now: in order of priority, then of submission, overtaking what does not fit. */
void scheduling_round(void);

/* Has a round begin at that time (seconds since the epoch), whoever is alive then. */
void scheduling_at(int64_t time);

int job_control(struct job_record *job, enum control action);

/* The last word about a job; its slots are free, and what waits may start. */
void job_end(struct job_record *job, int state, const char *annotation);

/* Whether a job has ended; one whose shepherd has died has, and gets to know it here. */
bool job_is_over(struct job_record *job);

/* Forgets a job that is over. Its description goes with the last of its array. */
void job_forget(struct job_record *job);

/* Slots that nobody has, and that are not reserved now. */
int64_t slots_free(void);

#endif
