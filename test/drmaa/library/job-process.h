/* Turning a description into a process. */
#ifndef JOB_PROCESS_H
#define JOB_PROCESS_H

#include "description.h"
#include "store.h"

/* The process group of the job, which has been executed; or -1, and why in `problem`. */
pid_t job_process(struct description *description, const struct job_record *job, char *problem, size_t size);

#endif
