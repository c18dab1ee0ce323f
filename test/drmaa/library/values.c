/* Creating objects with nothing set, and freeing them with all that they hold. */
#include "values.h"

#include "errors.h"
#include "handles.h"
#include "lists.h"


/* The extension is a dictionary; it goes with the object. False if there is no such object. */
static bool value_alive(const void *value, enum kind kind) {
  if (value == NULL || !object_check(value, kind)) return false;
  dict_end(object_extension(value));
  return true;
}

drmaa2_jinfo jinfo_new(void) {
  drmaa2_jinfo info = object_new(JINFO, sizeof *info);
  info->exitStatus = DRMAA2_UNSET_NUM;
  info->jobState = (drmaa2_jstate)DRMAA2_UNSET_ENUM;
  info->slots = DRMAA2_UNSET_NUM;
  info->cpuTime = DRMAA2_UNSET_NUM;
  info->wallclockTime = info->submissionTime = info->dispatchTime = info->finishTime = DRMAA2_UNSET_TIME;
  return info;
}

drmaa2_jinfo drmaa2_jinfo_create(void) {
  ENTER_POINTER();
  return jinfo_new();
}

void drmaa2_jinfo_free(drmaa2_jinfo *info) {
  drmaa2_jinfo it = *info;
  *info = NULL;
  if (!value_alive(it, JINFO)) return;
  string_end(it->jobId);
#if DRMAA2_LAYOUT == DRMAA2_PBS || DRMAA2_LAYOUT == DRMAA2_AGE
  string_end(it->jobName);
#endif
  string_end(it->terminatingSignal);
  string_end(it->annotation);
  string_end(it->jobSubState);
  list_end(it->allocatedMachines);
  string_end(it->submissionMachine);
  string_end(it->jobOwner);
  string_end(it->queueName);
  object_end(it, JINFO);
}

drmaa2_slotinfo slotinfo_new(const char *machine, long long slots) {
  drmaa2_slotinfo info = object_new(SLOTINFO, sizeof *info);
  info->machineName = string_new(machine);
  info->slots = slots;
  return info;
}

void drmaa2_slotinfo_free(drmaa2_slotinfo *info) {
  drmaa2_slotinfo it = *info;
  *info = NULL;
  if (!value_alive(it, SLOTINFO)) return;
  string_end(it->machineName);
  object_end(it, SLOTINFO);
}

drmaa2_rinfo rinfo_new(void) {
  drmaa2_rinfo info = object_new(RINFO, sizeof *info);
  info->reservedStartTime = info->reservedEndTime = DRMAA2_UNSET_TIME;
  info->reservedSlots = DRMAA2_UNSET_NUM;
  return info;
}

void drmaa2_rinfo_free(drmaa2_rinfo *info) {
  drmaa2_rinfo it = *info;
  *info = NULL;
  if (!value_alive(it, RINFO)) return;
  string_end(it->reservationId);
  string_end(it->reservationName);
  list_end(it->usersACL);
  list_end(it->reservedMachines);
  object_end(it, RINFO);
}

drmaa2_jtemplate jtemplate_new(void) {
  drmaa2_jtemplate template = object_new(JTEMPLATE, sizeof *template);
  template->minSlots = template->maxSlots = template->priority = template->minPhysMemory = DRMAA2_UNSET_NUM;
  template->machineOS = (drmaa2_os)DRMAA2_UNSET_ENUM;
  template->machineArch = (drmaa2_cpu)DRMAA2_UNSET_ENUM;
  template->startTime = template->deadlineTime = DRMAA2_UNSET_TIME;
  return template;
}

drmaa2_jtemplate drmaa2_jtemplate_create(void) {
  ENTER_POINTER();
  return jtemplate_new();
}

void drmaa2_jtemplate_free(drmaa2_jtemplate *template) {
  drmaa2_jtemplate it = *template;
  *template = NULL;
  if (!value_alive(it, JTEMPLATE)) return;
  string_end(it->remoteCommand);
  list_end(it->args);
  dict_end(it->jobEnvironment);
  string_end(it->workingDirectory);
  string_end(it->jobCategory);
  list_end(it->email);
  string_end(it->jobName);
  string_end(it->inputPath);
  string_end(it->outputPath);
  string_end(it->errorPath);
  string_end(it->reservationId);
  string_end(it->queueName);
  list_end(it->candidateMachines);
  dict_end(it->stageInFiles);
  dict_end(it->stageOutFiles);
  dict_end(it->resourceLimits);
  string_end(it->accountingId);
  object_end(it, JTEMPLATE);
}

drmaa2_rtemplate rtemplate_new(void) {
  drmaa2_rtemplate template = object_new(RTEMPLATE, sizeof *template);
  template->startTime = template->endTime = template->duration = DRMAA2_UNSET_TIME;
  template->minSlots = template->maxSlots = template->minPhysMemory = DRMAA2_UNSET_NUM;
#if DRMAA2_LAYOUT == DRMAA2_OGF
  template->machineOS = DRMAA2_OTHER_OS; /* as OGF's reference leaves it */
  template->machineArch = DRMAA2_OTHER_CPU;
#else
  template->machineOS = DRMAA2_UNSET_OS;
  template->machineArch = DRMAA2_UNSET_CPU;
#endif
  return template;
}

drmaa2_rtemplate drmaa2_rtemplate_create(void) {
  ENTER_POINTER();
  return rtemplate_new();
}

void drmaa2_rtemplate_free(drmaa2_rtemplate *template) {
  drmaa2_rtemplate it = *template;
  *template = NULL;
  if (!value_alive(it, RTEMPLATE)) return;
  string_end(it->reservationName);
  string_end(it->jobCategory);
  list_end(it->usersACL);
  list_end(it->candidateMachines);
  object_end(it, RTEMPLATE);
}

drmaa2_notification notification_new(int event, const char *job, const char *session, int state) {
  drmaa2_notification notification = object_new(NOTIFICATION, sizeof *notification);
  notification->event = (drmaa2_event)event;
  notification->jobId = string_new(job);
  notification->sessionName = string_new(session);
  notification->jobState = (drmaa2_jstate)state;
  return notification;
}

void drmaa2_notification_free(drmaa2_notification *notification) {
  drmaa2_notification it = *notification;
  *notification = NULL;
  if (!value_alive(it, NOTIFICATION)) return;
  string_end(it->jobId);
  string_end(it->sessionName);
  object_end(it, NOTIFICATION);
}

drmaa2_queueinfo queueinfo_new(const char *name) {
  drmaa2_queueinfo info = object_new(QUEUEINFO, sizeof *info);
  info->name = string_new(name);
  return info;
}

void drmaa2_queueinfo_free(drmaa2_queueinfo *info) {
  drmaa2_queueinfo it = *info;
  *info = NULL;
  if (!value_alive(it, QUEUEINFO)) return;
  string_end(it->name);
  object_end(it, QUEUEINFO);
}

drmaa2_version version_new(const char *major, const char *minor) {
  drmaa2_version version = object_new(VERSION, sizeof *version);
  version->major = string_new(major);
  version->minor = string_new(minor);
  return version;
}

void drmaa2_version_free(drmaa2_version *version) {
  drmaa2_version it = *version;
  *version = NULL;
  if (!value_alive(it, VERSION)) return;
  string_end(it->major);
  string_end(it->minor);
  object_end(it, VERSION);
}

drmaa2_machineinfo machineinfo_new(void) {
  return object_new(MACHINEINFO, sizeof(drmaa2_machineinfo_s));
}

void drmaa2_machineinfo_free(drmaa2_machineinfo *info) {
  drmaa2_machineinfo it = *info;
  *info = NULL;
  if (!value_alive(it, MACHINEINFO)) return;
  string_end(it->name);
  if (it->machineOSVersion != NULL) drmaa2_version_free(&it->machineOSVersion);
  object_end(it, MACHINEINFO);
}

/* Entries are freed by functions of their own types; calling those as this one is not C. */
#define ENTRY(name, type) \
  static void name##_entry(void **value) { \
    type it = *value; \
    drmaa2_##name##_free(&it); \
    *value = NULL; \
  }
ENTRY(string, drmaa2_string)
ENTRY(j, drmaa2_j)
ENTRY(queueinfo, drmaa2_queueinfo)
ENTRY(machineinfo, drmaa2_machineinfo)
ENTRY(slotinfo, drmaa2_slotinfo)
ENTRY(r, drmaa2_r)

drmaa2_list_entryfree entry_free(drmaa2_listtype type) {
  static const drmaa2_list_entryfree frees[] = {
      string_entry, j_entry, queueinfo_entry, machineinfo_entry, slotinfo_entry, r_entry,
  };
  return frees[type];
}

#if DRMAA2_LAYOUT == DRMAA2_PBS
#define DEFAULT(name, entry) \
  void drmaa2_##name##_list_default_callback(void **value) { \
    entry##_entry(value); \
  }
DEFAULT(string, string)
DEFAULT(j, j)
DEFAULT(queueinfo, queueinfo)
DEFAULT(machineinfo, machineinfo)
DEFAULT(slotinfo, slotinfo)
DEFAULT(r, r)
#endif
