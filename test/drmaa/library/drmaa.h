/* The C interface of DRMAA 1 (GFD.133 and its C binding 1.0). */
#ifndef DRMAA_H
#define DRMAA_H

#include <stddef.h>

enum {
  DRMAA_ERRNO_SUCCESS = 0,
  DRMAA_ERRNO_INTERNAL_ERROR = 1,
  DRMAA_ERRNO_DRM_COMMUNICATION_FAILURE = 2,
  DRMAA_ERRNO_AUTH_FAILURE = 3,
  DRMAA_ERRNO_INVALID_ARGUMENT = 4,
  DRMAA_ERRNO_NO_ACTIVE_SESSION = 5,
  DRMAA_ERRNO_NO_MEMORY = 6,
  DRMAA_ERRNO_INVALID_CONTACT_STRING = 7,
  DRMAA_ERRNO_DEFAULT_CONTACT_STRING_ERROR = 8,
  DRMAA_ERRNO_NO_DEFAULT_CONTACT_STRING_SELECTED = 9,
  DRMAA_ERRNO_DRMS_INIT_FAILED = 10,
  DRMAA_ERRNO_ALREADY_ACTIVE_SESSION = 11,
  DRMAA_ERRNO_DRMS_EXIT_ERROR = 12,
  DRMAA_ERRNO_INVALID_ATTRIBUTE_FORMAT = 13,
  DRMAA_ERRNO_INVALID_ATTRIBUTE_VALUE = 14,
  DRMAA_ERRNO_CONFLICTING_ATTRIBUTE_VALUES = 15,
  DRMAA_ERRNO_TRY_LATER = 16,
  DRMAA_ERRNO_DENIED_BY_DRM = 17,
  DRMAA_ERRNO_INVALID_JOB = 18,
  DRMAA_ERRNO_RESUME_INCONSISTENT_STATE = 19,
  DRMAA_ERRNO_SUSPEND_INCONSISTENT_STATE = 20,
  DRMAA_ERRNO_HOLD_INCONSISTENT_STATE = 21,
  DRMAA_ERRNO_RELEASE_INCONSISTENT_STATE = 22,
  DRMAA_ERRNO_EXIT_TIMEOUT = 23,
  DRMAA_ERRNO_NO_RUSAGE = 24,
  DRMAA_ERRNO_NO_MORE_ELEMENTS = 25
};

enum {
  DRMAA_PS_UNDETERMINED = 0x00,
  DRMAA_PS_QUEUED_ACTIVE = 0x10,
  DRMAA_PS_SYSTEM_ON_HOLD = 0x11,
  DRMAA_PS_USER_ON_HOLD = 0x12,
  DRMAA_PS_USER_SYSTEM_ON_HOLD = 0x13,
  DRMAA_PS_RUNNING = 0x20,
  DRMAA_PS_SYSTEM_SUSPENDED = 0x21,
  DRMAA_PS_USER_SUSPENDED = 0x22,
  DRMAA_PS_USER_SYSTEM_SUSPENDED = 0x23,
  DRMAA_PS_DONE = 0x30,
  DRMAA_PS_FAILED = 0x40
};

enum {
  DRMAA_CONTROL_SUSPEND = 0,
  DRMAA_CONTROL_RESUME = 1,
  DRMAA_CONTROL_HOLD = 2,
  DRMAA_CONTROL_RELEASE = 3,
  DRMAA_CONTROL_TERMINATE = 4
};

#define DRMAA_TIMEOUT_WAIT_FOREVER (-1L)
#define DRMAA_TIMEOUT_NO_WAIT 0L
#define DRMAA_JOB_IDS_SESSION_ANY "DRMAA_JOB_IDS_SESSION_ANY"
#define DRMAA_JOB_IDS_SESSION_ALL "DRMAA_JOB_IDS_SESSION_ALL"
#define DRMAA_PLACEHOLDER_HD "$drmaa_hd_ph$"
#define DRMAA_PLACEHOLDER_WD "$drmaa_wd_ph$"
#define DRMAA_PLACEHOLDER_INCR "$drmaa_incr_ph$"

typedef struct drmaa_job_template_s drmaa_job_template_t;
typedef struct drmaa_values_s drmaa_attr_names_t, drmaa_attr_values_t, drmaa_job_ids_t;

#pragma GCC visibility push(default)
int drmaa_init(const char *contact, char *diagnosis, size_t size);
int drmaa_exit(char *diagnosis, size_t size);
int drmaa_get_contact(char *contact, size_t contact_size, char *diagnosis, size_t size);
int drmaa_version(unsigned *major, unsigned *minor, char *diagnosis, size_t size);
int drmaa_get_DRM_system(char *name, size_t name_size, char *diagnosis, size_t size);
int drmaa_get_DRMAA_implementation(char *name, size_t name_size, char *diagnosis, size_t size);
const char *drmaa_strerror(int error);

int drmaa_allocate_job_template(drmaa_job_template_t **template, char *diagnosis, size_t size);
int drmaa_delete_job_template(drmaa_job_template_t *template, char *diagnosis, size_t size);
int drmaa_set_attribute(
    drmaa_job_template_t *template, const char *name, const char *value, char *diagnosis, size_t size);
int drmaa_get_attribute(drmaa_job_template_t *template, const char *name, char *value, size_t value_size,
    char *diagnosis, size_t size);
int drmaa_set_vector_attribute(
    drmaa_job_template_t *template, const char *name, const char *value[], char *diagnosis, size_t size);
int drmaa_get_vector_attribute(drmaa_job_template_t *template, const char *name, drmaa_attr_values_t **values,
    char *diagnosis, size_t size);
int drmaa_get_attribute_names(drmaa_attr_names_t **names, char *diagnosis, size_t size);
int drmaa_get_vector_attribute_names(drmaa_attr_names_t **names, char *diagnosis, size_t size);

int drmaa_get_next_attr_name(drmaa_attr_names_t *names, char *value, size_t size);
int drmaa_get_next_attr_value(drmaa_attr_values_t *values, char *value, size_t size);
int drmaa_get_next_job_id(drmaa_job_ids_t *ids, char *value, size_t size);
int drmaa_get_num_attr_names(drmaa_attr_names_t *names, size_t *count);
int drmaa_get_num_attr_values(drmaa_attr_values_t *values, size_t *count);
int drmaa_get_num_job_ids(drmaa_job_ids_t *ids, size_t *count);
void drmaa_release_attr_names(drmaa_attr_names_t *names);
void drmaa_release_attr_values(drmaa_attr_values_t *values);
void drmaa_release_job_ids(drmaa_job_ids_t *ids);

int drmaa_run_job(char *id, size_t id_size, const drmaa_job_template_t *template, char *diagnosis, size_t size);
int drmaa_run_bulk_jobs(drmaa_job_ids_t **ids, const drmaa_job_template_t *template, int start, int end,
    int increment, char *diagnosis, size_t size);
int drmaa_control(const char *id, int action, char *diagnosis, size_t size);
int drmaa_job_ps(const char *id, int *state, char *diagnosis, size_t size);
int drmaa_synchronize(const char *ids[], signed long timeout, int dispose, char *diagnosis, size_t size);
int drmaa_wait(const char *id, char *ended, size_t ended_size, int *status, signed long timeout,
    drmaa_attr_values_t **usage, char *diagnosis, size_t size);
int drmaa_wifexited(int *exited, int status, char *diagnosis, size_t size);
int drmaa_wexitstatus(int *exit_status, int status, char *diagnosis, size_t size);
int drmaa_wifsignaled(int *signaled, int status, char *diagnosis, size_t size);
int drmaa_wtermsig(char *signal, size_t signal_size, int status, char *diagnosis, size_t size);
int drmaa_wcoredump(int *core_dump, int status, char *diagnosis, size_t size);
int drmaa_wifaborted(int *aborted, int status, char *diagnosis, size_t size);
#pragma GCC visibility pop

#endif
