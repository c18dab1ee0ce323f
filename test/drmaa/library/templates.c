/* Job templates: what can be asked for, and how they are written down and read again. */
#include "description.h"
#include "handles.h"
#include "lists.h"
#include "values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *key;
  size_t offset;
} strings[] = {
#define STRING(name) {#name, offsetof(drmaa2_jtemplate_s, name)}
    STRING(remoteCommand), STRING(workingDirectory), STRING(jobCategory), STRING(jobName),
    STRING(inputPath), STRING(outputPath), STRING(errorPath), STRING(reservationId),
    STRING(queueName), STRING(accountingId),
}, numbers[] = {
    STRING(minSlots), STRING(maxSlots), STRING(priority), STRING(minPhysMemory),
    STRING(startTime), STRING(deadlineTime),
}, flags[] = {
    STRING(submitAsHold), STRING(rerunnable), STRING(joinFiles), STRING(machineOS), STRING(machineArch),
#undef STRING
};

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define AT(type, template, offset) (*(type *)((char *)(template) + (offset)))

static bool limits_acceptable(const drmaa2_dict limits) {
  static const char *const known[] = {
      "CORE_FILE_SIZE", "CPU_TIME", "DATA_SIZE", "FILE_SIZE", "OPEN_FILES", "STACK_SIZE", "VIRTUAL_MEMORY", "WALLCLOCK_TIME",
  };
  const char *key, *value;
  for (long i = 0; dict_at(limits, i, &key, &value); i++) {
    char *end;
    bool found = false;
    for (size_t j = 0; j < COUNT(known); j++) found = found || strcmp(known[j], key) == 0;
    if (!found) {
      refuse(DRMAA2_UNSUPPORTED_ATTRIBUTE, "resourceLimits: there is no limit %s", key);
      return false;
    }
    strtoull(value, &end, 10);
    if (*value == '\0' || *end != '\0') {
      refuse(DRMAA2_INVALID_ARGUMENT, "resourceLimits: %s is not a number: %s", key, value);
      return false;
    }
  }
  return true;
}

static bool machines_acceptable(const drmaa2_jtemplate template) {
  char names[TEXT];
  lines_of_list(template->candidateMachines, names, sizeof names);
  if (names[0] == '\0' || strstr(names, machine_name()) != NULL) return true;
  refuse(DRMAA2_DENIED_BY_DRMS, "candidateMachines: there is only %s", machine_name());
  return false;
}

bool jtemplate_acceptable(const drmaa2_jtemplate template) {
  const char *unsupported = NULL;
  if (template->email != NULL) unsupported = "email";
  else if (template->emailOnStarted == DRMAA2_TRUE) unsupported = "emailOnStarted";
  else if (template->emailOnTerminated == DRMAA2_TRUE) unsupported = "emailOnTerminated";
  else if (template->stageInFiles != NULL) unsupported = "stageInFiles";
  else if (template->stageOutFiles != NULL) unsupported = "stageOutFiles";
  if (unsupported != NULL) {
    refuse(DRMAA2_UNSUPPORTED_ATTRIBUTE, "%s is not supported", unsupported);
    return false;
  }
  if (template->remoteCommand == NULL || template->remoteCommand[0] == '\0') {
    refuse(DRMAA2_INVALID_ARGUMENT, "remoteCommand is not set");
    return false;
  }
  if (template->maxSlots > 0 && template->minSlots > template->maxSlots) {
    refuse(DRMAA2_INVALID_ARGUMENT, "minSlots is more than maxSlots");
    return false;
  }
  if (template->minSlots > store()->slots) {
    refuse(DRMAA2_DENIED_BY_DRMS, "minSlots: there are never more than %lld", (long long)store()->slots);
    return false;
  }
  return limits_acceptable(template->resourceLimits) && machines_acceptable(template);
}

static void add_list(FILE *file, const char *key, const drmaa2_list list) {
  long size = list == NULL ? 0 : drmaa2_list_size(list);
  for (long i = 0; i < size; i++) description_add(file, key, drmaa2_list_get(list, i));
}

static void add_dict(FILE *file, const char *prefix, const drmaa2_dict dict) {
  const char *key, *value;
  for (long i = 0; dict_at(dict, i, &key, &value); i++) {
    char name[4 * NAME];
    snprintf(name, sizeof name, "%s%s", prefix, key);
    description_add(file, name, value);
  }
}

bool jtemplate_write(uint64_t number, const drmaa2_jtemplate template) {
  FILE *file = description_create(number);
  if (file == NULL) {
    refuse(DRMAA2_INTERNAL, "the job cannot be written down: %s", strerror(errno));
    return false;
  }
  for (size_t i = 0; i < COUNT(strings); i++) description_add(file, strings[i].key, AT(char *, template, strings[i].offset));
  for (size_t i = 0; i < COUNT(numbers); i++) {
    long long value = AT(long long, template, numbers[i].offset);
    if (value != DRMAA2_UNSET_NUM && value != DRMAA2_UNSET_TIME) description_add_number(file, numbers[i].key, value);
  }
  for (size_t i = 0; i < COUNT(flags); i++) {
    int value = AT(int, template, flags[i].offset);
    int unset = i < 3 ? DRMAA2_FALSE : DRMAA2_UNSET_ENUM;
    if (value != unset) description_add_number(file, flags[i].key, value);
  }
  add_list(file, "argument", template->args);
  add_list(file, "machine", template->candidateMachines);
  add_dict(file, "environment.", template->jobEnvironment);
  add_dict(file, "limit.", template->resourceLimits);
  add_dict(file, "extension.", object_extension(template));
  bool written = ferror(file) == 0;
  written = fclose(file) == 0 && written;
  if (!written) refuse(DRMAA2_OUT_OF_RESOURCE, "the job cannot be written down: %s", strerror(errno));
  return written;
}

static void put(drmaa2_dict *dict, const char *key, const char *value) {
  if (*dict == NULL) *dict = dict_of_strings();
  dict_put(*dict, key, value);
}

static void append(drmaa2_list *list, const char *value) {
  if (*list == NULL) *list = list_of(DRMAA2_STRINGLIST);
  list_append(*list, string_new(value));
}

static void take_in(drmaa2_jtemplate template, const char *key, const char *value) {
  for (size_t i = 0; i < COUNT(strings); i++) {
    if (strcmp(strings[i].key, key) == 0) AT(char *, template, strings[i].offset) = string_new(value);
  }
  for (size_t i = 0; i < COUNT(numbers); i++) {
    if (strcmp(numbers[i].key, key) == 0) AT(long long, template, numbers[i].offset) = atoll(value);
  }
  for (size_t i = 0; i < COUNT(flags); i++) {
    if (strcmp(flags[i].key, key) == 0) AT(int, template, flags[i].offset) = atoi(value);
  }
  if (strcmp(key, "argument") == 0) append(&template->args, value);
  if (strcmp(key, "machine") == 0) append(&template->candidateMachines, value);
  if (strncmp(key, "environment.", 12) == 0) put(&template->jobEnvironment, key + 12, value);
  if (strncmp(key, "limit.", 6) == 0) put(&template->resourceLimits, key + 6, value);
  if (strncmp(key, "extension.", 10) == 0) drmaa2_set_instance_value(template, key + 10, value);
}

drmaa2_jtemplate jtemplate_of(uint64_t number) {
  struct description description = description_open(number);
  if (description.text == NULL) {
    refuse(DRMAA2_INVALID_STATE, "nobody knows any more what it was made of");
    return NULL;
  }
  drmaa2_jtemplate template = jtemplate_new();
  const char *key, *value;
  while (description_next(&description, &key, &value)) take_in(template, key, value);
  description_close(&description);
  return template;
}
