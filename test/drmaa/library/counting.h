/* The kinds of objects, and how many of each a process has created and freed. */
#ifndef COUNTING_H
#define COUNTING_H

#include "store.h"

#include <stdio.h>

enum kind {
  STRING,
  LIST,
  DICT,
  JINFO,
  SLOTINFO,
  RINFO,
  JTEMPLATE,
  RTEMPLATE,
  NOTIFICATION,
  QUEUEINFO,
  VERSION,
  MACHINEINFO,
  JSESSION,
  RSESSION,
  MSESSION,
  JOB,
  JARRAY,
  RESERVATION,
  DRMAA1_SESSION,
  DRMAA1_TEMPLATE,
  DRMAA1_VALUES,
  KINDS
};
_Static_assert((int)KINDS <= (int)MAX_KINDS, "the store has no room for that many kinds");

/* This process's own; null if too many processes have used the store. */
struct process_record *process_record(void);

/* {"pid":1,"misused":0,"foreign":0,"string":{"created":2,"freed":2},…}, of one process; cut if too long. */
size_t counters_json(const struct process_record *process, char *text, size_t size);

/* Those of all processes that have used the store, as an array. */
void counters_print(FILE *file);

#endif
