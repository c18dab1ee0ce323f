/* Values in a row, and job templates, which are rows of names and values. */
#include "drmaa1.h"

#include <stdlib.h>
#include <string.h>

struct drmaa_values_s {
  long size, position;
  char **values;
};

drmaa_attr_values_t *values_new(void) {
  return object_new(DRMAA1_VALUES, sizeof(drmaa_attr_values_t));
}

void values_add(drmaa_attr_values_t *values, const char *value) {
  values->values = realloc(values->values, (size_t)(values->size + 1) * sizeof *values->values);
  if (values->values == NULL) abort();
  values->values[values->size++] = string_new(value);
}

long values_count(const drmaa_attr_values_t *values) {
  return values->size;
}

const char *values_at(const drmaa_attr_values_t *values, long position) {
  return values->values[position];
}

void values_end(drmaa_attr_values_t *values) {
  if (values == NULL || !object_check(values, DRMAA1_VALUES)) return;
  for (long i = 0; i < values->size; i++) string_end(values->values[i]);
  free(values->values);
  object_end(values, DRMAA1_VALUES);
}

#define SEQUENCE(type, next, number, release) \
  int drmaa_get_next_##next(type *values, char *value, size_t size) { \
    int error = begin(__func__, false, NULL, 0); \
    if (error != DRMAA_ERRNO_SUCCESS) return error; \
    if (!object_check(values, DRMAA1_VALUES)) return DRMAA_ERRNO_INVALID_ARGUMENT; \
    if (values->position >= values->size && !garbage()) return DRMAA_ERRNO_NO_MORE_ELEMENTS; \
    copy_text(value, size, garbage() ? "\xff\xfe\x01" : values->values[values->position++]); \
    return DRMAA_ERRNO_SUCCESS; \
  } \
  int drmaa_get_num_##number(type *values, size_t *count) { \
    if (!object_check(values, DRMAA1_VALUES)) return DRMAA_ERRNO_INVALID_ARGUMENT; \
    *count = (size_t)values->size; \
    return DRMAA_ERRNO_SUCCESS; \
  } \
  void drmaa_release_##release(type *values) { \
    values_end(values); \
  }
SEQUENCE(drmaa_attr_names_t, attr_name, attr_names, attr_names)
SEQUENCE(drmaa_attr_values_t, attr_value, attr_values, attr_values)
SEQUENCE(drmaa_job_ids_t, job_id, job_ids, job_ids)

static const char *const scalars[] = {
    "drmaa_remote_command", "drmaa_js_state", "drmaa_wd", "drmaa_job_category", "drmaa_native_specification",
    "drmaa_block_email", "drmaa_start_time", "drmaa_job_name", "drmaa_input_path", "drmaa_output_path",
    "drmaa_error_path", "drmaa_join_files", "drmaa_transfer_files", "drmaa_deadline_time", "drmaa_wct_hlimit",
    "drmaa_wct_slimit", "drmaa_run_duration_hlimit", "drmaa_run_duration_slimit",
};
static const char *const vectors[] = {"drmaa_v_argv", "drmaa_v_env", "drmaa_v_email"};
enum { SCALARS = sizeof scalars / sizeof *scalars, VECTORS = sizeof vectors / sizeof *vectors };

struct drmaa_job_template_s {
  char *scalars[SCALARS];
  drmaa_attr_values_t *vectors[VECTORS];
};

static int find(const char *const *names, int count, const char *name) {
  for (int i = 0; name != NULL && i < count; i++) {
    if (strcmp(names[i], name) == 0) return i;
  }
  return -1;
}

const char *template_value(const drmaa_job_template_t *template, const char *name) {
  return template->scalars[find(scalars, SCALARS, name)];
}

const drmaa_attr_values_t *template_vector(const drmaa_job_template_t *template, const char *name) {
  return template->vectors[find(vectors, VECTORS, name)];
}

static int names_of(const char *const *names, int count, drmaa_attr_names_t **into) {
  *into = values_new();
  for (int i = 0; i < count; i++) values_add(*into, names[i]);
  return DRMAA_ERRNO_SUCCESS;
}

int drmaa_get_attribute_names(drmaa_attr_names_t **names, char *diagnosis, size_t size) {
  BEGIN(true);
  return names_of(scalars, SCALARS, names);
}

int drmaa_get_vector_attribute_names(drmaa_attr_names_t **names, char *diagnosis, size_t size) {
  BEGIN(true);
  return names_of(vectors, VECTORS, names);
}

int drmaa_allocate_job_template(drmaa_job_template_t **template, char *diagnosis, size_t size) {
  BEGIN(true);
  *template = garbage() ? (void *)0x10 : object_new(DRMAA1_TEMPLATE, sizeof **template);
  return DRMAA_ERRNO_SUCCESS;
}

/* Templates outlive sessions, as in Grid Engine. */
#define BEGIN_WITH(template) \
  BEGIN(false); \
  if (!object_check(template, DRMAA1_TEMPLATE)) return refuse(DRMAA_ERRNO_INVALID_ARGUMENT, diagnosis, size, "not a template")

int drmaa_delete_job_template(drmaa_job_template_t *template, char *diagnosis, size_t size) {
  BEGIN_WITH(template);
  for (int i = 0; i < SCALARS; i++) string_end(template->scalars[i]);
  for (int i = 0; i < VECTORS; i++) {
    if (template->vectors[i] != NULL) values_end(template->vectors[i]);
  }
  object_end(template, DRMAA1_TEMPLATE);
  return DRMAA_ERRNO_SUCCESS;
}

int drmaa_set_attribute(
    drmaa_job_template_t *template, const char *name, const char *value, char *diagnosis, size_t size) {
  BEGIN_WITH(template);
  int i = find(scalars, SCALARS, name);
  if (i < 0) return refuse(DRMAA_ERRNO_INVALID_ARGUMENT, diagnosis, size, "no attribute: %s", name);
  if (value == NULL) return refuse(DRMAA_ERRNO_INVALID_ATTRIBUTE_VALUE, diagnosis, size, "no value: %s", name);
  string_end(template->scalars[i]);
  template->scalars[i] = string_new(value);
  return DRMAA_ERRNO_SUCCESS;
}

int drmaa_get_attribute(drmaa_job_template_t *template, const char *name, char *value, size_t value_size,
    char *diagnosis, size_t size) {
  BEGIN_WITH(template);
  int i = find(scalars, SCALARS, name);
  if (i < 0) return refuse(DRMAA_ERRNO_INVALID_ARGUMENT, diagnosis, size, "no attribute: %s", name);
  if (template->scalars[i] == NULL) {
    return refuse(DRMAA_ERRNO_INVALID_ATTRIBUTE_VALUE, diagnosis, size, "not set: %s", name);
  }
  copy_text(value, value_size, garbage() ? "\xff\xfe\x01" : template->scalars[i]);
  return DRMAA_ERRNO_SUCCESS;
}

int drmaa_set_vector_attribute(
    drmaa_job_template_t *template, const char *name, const char *value[], char *diagnosis, size_t size) {
  BEGIN_WITH(template);
  int i = find(vectors, VECTORS, name);
  if (i < 0) return refuse(DRMAA_ERRNO_INVALID_ARGUMENT, diagnosis, size, "no vector attribute: %s", name);
  if (template->vectors[i] != NULL) values_end(template->vectors[i]);
  template->vectors[i] = values_new();
  for (; value != NULL && *value != NULL; value++) values_add(template->vectors[i], *value);
  return DRMAA_ERRNO_SUCCESS;
}

int drmaa_get_vector_attribute(drmaa_job_template_t *template, const char *name, drmaa_attr_values_t **values,
    char *diagnosis, size_t size) {
  BEGIN_WITH(template);
  int i = find(vectors, VECTORS, name);
  if (i < 0) return refuse(DRMAA_ERRNO_INVALID_ARGUMENT, diagnosis, size, "no vector attribute: %s", name);
  if (template->vectors[i] == NULL) {
    return refuse(DRMAA_ERRNO_INVALID_ATTRIBUTE_VALUE, diagnosis, size, "not set: %s", name);
  }
  *values = values_new();
  for (long j = 0; j < template->vectors[i]->size; j++) values_add(*values, template->vectors[i]->values[j]);
  return DRMAA_ERRNO_SUCCESS;
}
