/* The monitoring session: everybody's jobs and reservations, two queues, one machine. */
#include "handles.h"
#include "lists.h"
#include "values.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

drmaa2_msession drmaa2_open_msession(const char *name) {
  ENTER_POINTER();
  drmaa2_msession session = object_new(MSESSION, sizeof *session);
  copy_text(session->name, sizeof session->name, name);
  return session;
}

static bool usable(const drmaa2_msession session) {
  NEED(session, MSESSION, false);
  if (session->closed) refuse(DRMAA2_INVALID_SESSION, "the monitoring session is closed");
  return !session->closed;
}

drmaa2_error drmaa2_close_msession(drmaa2_msession session) {
  ENTER_ERROR();
  if (!usable(session)) return drmaa2_lasterror();
  session->closed = true;
  return DRMAA2_SUCCESS;
}

void drmaa2_msession_free(drmaa2_msession *session) {
  object_end(*session, MSESSION);
  *session = NULL;
}

drmaa2_j_list drmaa2_msession_get_all_jobs(const drmaa2_msession session, const drmaa2_jinfo filter) {
  ENTER_POINTER();
  if (filter != NULL) NEED(filter, JINFO, NULL);
  return usable(session) ? jobs_list("", filter) : NULL;
}

drmaa2_r_list drmaa2_msession_get_all_reservations(const drmaa2_msession session) {
  ENTER_POINTER();
  return usable(session) ? reservations_list("") : NULL;
}

/* Without names, everything is wanted. */
static bool wanted(const drmaa2_string_list names, const char *name) {
  char lines[4096], line[NAME + 2];
  if (names == NULL) return true;
  lines[0] = '\n';
  lines_of_list(names, lines + 1, sizeof lines - 1);
  snprintf(line, sizeof line, "\n%s\n", name);
  return strstr(lines, line) != NULL;
}

drmaa2_queueinfo_list drmaa2_msession_get_all_queues(const drmaa2_msession session, const drmaa2_string_list names) {
  static const char *const queues[] = {"main", "long"};
  ENTER_POINTER();
  if (!usable(session)) return NULL;
  drmaa2_list list = list_of(DRMAA2_QUEUEINFOLIST);
  for (size_t i = 0; i < 2; i++) {
    if (wanted(names, queues[i])) list_append(list, queueinfo_new(queues[i]));
  }
  return list;
}

static drmaa2_machineinfo this_machine(void) {
  struct utsname system;
  double load = 0;
  char *minor;
  uname(&system);
  getloadavg(&load, 1);
  drmaa2_machineinfo info = machineinfo_new();
  info->name = string_new(machine_name());
  info->available = DRMAA2_TRUE;
  info->sockets = 1;
  info->coresPerSocket = sysconf(_SC_NPROCESSORS_ONLN);
  info->threadsPerCore = 1;
  info->load = (float)load;
  info->physMemory = (long long)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 1024;
  info->virtMemory = info->physMemory;
  info->machineOS = DRMAA2_LINUX;
  info->machineArch = DRMAA2_X64;
  strtol(system.release, &minor, 10);
  if (*minor == '.') *minor++ = '\0';
  info->machineOSVersion = version_new(system.release, minor);
  return info;
}

drmaa2_machineinfo_list drmaa2_msession_get_all_machines(
    const drmaa2_msession session, const drmaa2_string_list names) {
  ENTER_POINTER();
  if (!usable(session)) return NULL;
  drmaa2_list list = list_of(DRMAA2_MACHINEINFOLIST);
  if (wanted(names, machine_name())) list_append(list, this_machine());
  return list;
}
