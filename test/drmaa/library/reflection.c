/*
 * Attributes of our own, and all others by their names. What is set is kept beside its object; what
 * is only read is worked out: `testCounters` is the counters of this process, as JSON.
 */
#include "errors.h"
#include "lists.h"

#include <string.h>

static const struct attribute {
  enum kind kind;
  const char *name, *description;
  bool settable;
} attributes[] = {
    {JTEMPLATE, "testNote", "a note that a job carries with it", true},
    {JTEMPLATE, "testShell", "kept, and not looked at", true},
    {JINFO, "testCounters", "objects that this process has created and freed", false},
    {RTEMPLATE, "testNote", "a note that a reservation carries with it", true},
    {RINFO, "testCounters", "objects that this process has created and freed", false},
    {QUEUEINFO, "testCounters", "objects that this process has created and freed", false},
    {MACHINEINFO, "testCounters", "objects that this process has created and freed", false},
    {NOTIFICATION, "testCounters", "objects that this process has created and freed", false},
#if DRMAA2_LAYOUT == DRMAA2_AGE
    {VERSION, "testCounters", "objects that this process has created and freed", false},
#endif
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

static drmaa2_string_list names_of(enum kind kind) {
  drmaa2_list names = list_of(DRMAA2_STRINGLIST);
  for (int i = 0; i < ATTRIBUTES; i++) {
    if (attributes[i].kind == kind) list_append(names, string_new(attributes[i].name));
  }
  return names;
}

#define NAMES(name, kind) \
  drmaa2_string_list drmaa2_##name##_impl_spec(void) { \
    ENTER_POINTER(); \
    return names_of(kind); \
  }
NAMES(jtemplate, JTEMPLATE)
NAMES(jinfo, JINFO)
NAMES(rtemplate, RTEMPLATE)
NAMES(rinfo, RINFO)
NAMES(queueinfo, QUEUEINFO)
NAMES(machineinfo, MACHINEINFO)
NAMES(notification, NOTIFICATION)
#if DRMAA2_LAYOUT == DRMAA2_AGE
NAMES(version, VERSION)
#endif

static const struct attribute *attribute_of(const void *instance, const char *name) {
  enum kind kind = object_kind(instance);
  for (int i = 0; i < ATTRIBUTES; i++) {
    if (attributes[i].kind == kind && name != NULL && strcmp(attributes[i].name, name) == 0) return &attributes[i];
  }
  if (kind == KINDS) object_check(instance, STRING); /* which it is not: this counts it */
  refuse(DRMAA2_UNSUPPORTED_ATTRIBUTE, "there is no attribute %s", name == NULL ? "without a name" : name);
  return NULL;
}

const char *drmaa2_test_counters(void) {
  static _Thread_local char text[4096];
  const struct process_record *process = process_record();
  text[0] = '\0';
  if (process != NULL) counters_json(process, text, sizeof text);
  return text;
}

static drmaa2_string value_of(const void *instance, const char *name) {
  const struct attribute *attribute = attribute_of(instance, name);
  if (attribute == NULL) return NULL;
  if (!attribute->settable) return string_new(drmaa2_test_counters());
  const char *key, *value;
  for (long i = 0; dict_at(object_extension(instance), i, &key, &value); i++) {
    if (strcmp(key, name) == 0) return string_new(value);
  }
  return NULL;
}

drmaa2_string drmaa2_get_instance_value(const void *instance, const char *name) {
  ENTER_POINTER();
  return value_of(instance, name);
}

drmaa2_string drmaa2_describe_attribute(const void *instance, const char *name) {
  ENTER_POINTER();
  const struct attribute *attribute = attribute_of(instance, name);
  return attribute == NULL ? NULL : string_new(attribute->description);
}

drmaa2_error drmaa2_set_instance_value(void *instance, const char *name, const char *value) {
  ENTER_ERROR();
  const struct attribute *attribute = attribute_of(instance, name);
  if (attribute == NULL) return drmaa2_lasterror();
  if (!attribute->settable || value == NULL) return refuse(DRMAA2_INVALID_ARGUMENT, "%s cannot be set so", name);
  if (object_extension(instance) == NULL) object_extend(instance, dict_of_strings());
  dict_put(object_extension(instance), name, value);
  return DRMAA2_SUCCESS;
}

#if DRMAA2_LAYOUT == DRMAA2_AGE
drmaa2_string uge_vi_impl_spec_get(const drmaa2_version version, const char *name) {
  ENTER_POINTER();
  return value_of(version, name);
}
#endif
