/* Reservations of slots for a time. */
#include "description.h"
#include "handles.h"
#include "lists.h"
#include "scheduling.h"
#include "values.h"

#include <string.h>
#include <time.h>

drmaa2_r reservation_handle(const struct reservation_record *reservation) {
  drmaa2_r handle = object_new(RESERVATION, sizeof *handle);
  copy_text(handle->id, sizeof handle->id, reservation->id);
  copy_text(handle->session, sizeof handle->session, reservation->session);
  handle->number = reservation->number;
  return handle;
}

drmaa2_r_list reservations_list(const char *session) {
  drmaa2_list list = list_of(DRMAA2_RESERVATIONLIST);
  store_lock();
  for (int i = 0; i < MAX_RESERVATIONS; i++) {
    const struct reservation_record *reservation = &store()->reservations[i];
    if (reservation->number == 0 || (*session != '\0' && strcmp(reservation->session, session) != 0)) continue;
    list_append(list, reservation_handle(reservation));
  }
  store_unlock();
  return list;
}

/* With the lock: the reservation of a number, or null with the error set. */
static struct reservation_record *reservation_of(uint64_t number) {
  for (int i = 0; number != 0 && i < MAX_RESERVATIONS; i++) {
    if (store()->reservations[i].number == number) return &store()->reservations[i];
  }
  refuse(DRMAA2_INVALID_STATE, "there is no such reservation any more");
  return NULL;
}

/* Start, end and duration, of which one may be missing. False with the error set if they make no sense. */
static bool times(const drmaa2_rtemplate template, int64_t *start, int64_t *end) {
  time_t from = template->startTime == DRMAA2_NOW ? time(NULL) : template->startTime;
  time_t to = template->endTime;
  if (from < 0 && to >= 0 && template->duration >= 0) from = to - template->duration;
  if (from < 0) from = time(NULL);
  if (to < 0 && template->duration >= 0) to = from + template->duration;
  if (to <= from) {
    refuse(DRMAA2_INVALID_ARGUMENT, "endTime or duration: the reservation would be over before it begins");
    return false;
  }
  *start = from;
  *end = to;
  return true;
}

static bool acceptable(const drmaa2_rsession session, const drmaa2_rtemplate template) {
  if (!rsession_usable(session)) return false;
  NEED(template, RTEMPLATE, false);
  if ((int)template->machineOS > 0 || (int)template->machineArch > 0) {
    refuse(DRMAA2_UNSUPPORTED_ATTRIBUTE, "machineOS and machineArch are not supported");
    return false;
  }
  return true;
}

/* With the lock: whether so many slots are not reserved at any moment of that time. */
static bool can_be_had(int64_t slots, int64_t start, int64_t end) {
  int64_t reserved = 0;
  for (int i = 0; i < MAX_RESERVATIONS; i++) {
    const struct reservation_record *other = &store()->reservations[i];
    if (other->number != 0 && other->start < end && start < other->end) reserved += other->min_slots;
  }
  return reserved + slots <= store()->slots;
}

static void fill(struct reservation_record *record, const drmaa2_rsession session, const drmaa2_rtemplate template) {
  record->number = store()->next_number++;
  snprintf(record->id, sizeof record->id, "r%llu", (unsigned long long)record->number);
  copy_text(record->session, sizeof record->session, session->name);
  copy_text(record->name, sizeof record->name, template->reservationName);
  copy_text(record->category, sizeof record->category, template->jobCategory);
  lines_of_list(template->usersACL, record->users, sizeof record->users);
  lines_of_list(template->candidateMachines, record->machines, sizeof record->machines);
  record->asked_start = template->startTime;
  record->asked_end = template->endTime;
  record->asked_duration = template->duration;
  record->min_slots = template->minSlots < 1 ? 1 : template->minSlots;
  record->max_slots = template->maxSlots;
  record->memory = template->minPhysMemory;
}

drmaa2_r drmaa2_rsession_request_reservation(const drmaa2_rsession session, const drmaa2_rtemplate template) {
  ENTER_POINTER();
  int64_t start, end;
  if (!acceptable(session, template) || !times(template, &start, &end)) return NULL;
  drmaa2_r handle = NULL;
  store_lock();
  struct reservation_record *record = NULL;
  for (int i = 0; record == NULL && i < MAX_RESERVATIONS; i++) {
    if (store()->reservations[i].number == 0) record = &store()->reservations[i];
  }
  if (record == NULL) {
    refuse(DRMAA2_OUT_OF_RESOURCE, "there are %d reservations already", MAX_RESERVATIONS);
  } else if (!can_be_had(template->minSlots < 1 ? 1 : template->minSlots, start, end)) {
    refuse(DRMAA2_DENIED_BY_DRMS, "minSlots: so many are not free all of that time");
  } else {
    fill(record, session, template);
    record->start = start;
    record->end = end;
    handle = reservation_handle(record);
    if (start > time(NULL)) scheduling_at(start);
    scheduling_at(end);
  }
  store_unlock();
  return handle;
}

drmaa2_r drmaa2_rsession_get_reservation(const drmaa2_rsession session, const drmaa2_string id) {
  ENTER_POINTER();
  if (!rsession_usable(session)) return NULL;
  drmaa2_r handle = NULL;
  store_lock();
  for (int i = 0; id != NULL && handle == NULL && i < MAX_RESERVATIONS; i++) {
    const struct reservation_record *record = &store()->reservations[i];
    if (record->number != 0 && strcmp(record->id, id) == 0 && strcmp(record->session, session->name) == 0) {
      handle = reservation_handle(record);
    }
  }
  store_unlock();
  if (handle == NULL) refuse(DRMAA2_INVALID_ARGUMENT, "there is no reservation %s", id == NULL ? "without an id" : id);
  return handle;
}

drmaa2_r_list drmaa2_rsession_get_reservations(const drmaa2_rsession session) {
  ENTER_POINTER();
  return rsession_usable(session) ? reservations_list(session->name) : NULL;
}

void drmaa2_r_free(drmaa2_r *reservation) {
  object_end(*reservation, RESERVATION);
  *reservation = NULL;
}

drmaa2_string drmaa2_r_get_id(const drmaa2_r reservation) {
  ENTER_POINTER();
  NEED(reservation, RESERVATION, NULL);
  return string_new(reservation->id);
}

drmaa2_string drmaa2_r_get_session_name(const drmaa2_r reservation) {
  ENTER_POINTER();
  NEED(reservation, RESERVATION, NULL);
  return string_new(reservation->session);
}

drmaa2_rinfo drmaa2_r_get_info(const drmaa2_r reservation) {
  ENTER_POINTER();
  NEED(reservation, RESERVATION, NULL);
  drmaa2_rinfo info = NULL;
  store_lock();
  const struct reservation_record *record = reservation_of(reservation->number);
  if (record != NULL) {
    info = rinfo_new();
    info->reservationId = string_new(record->id);
    info->reservationName = record->name[0] == '\0' ? NULL : string_new(record->name);
    info->reservedStartTime = record->start;
    info->reservedEndTime = record->end;
    info->usersACL = list_of_lines(record->users);
    info->reservedSlots = record->min_slots;
    info->reservedMachines = list_of(DRMAA2_SLOTINFOLIST);
    list_append(info->reservedMachines, slotinfo_new(machine_name(), record->min_slots));
  }
  store_unlock();
  return info;
}

static drmaa2_rtemplate template_of(const drmaa2_r reservation) {
  NEED(reservation, RESERVATION, NULL);
  drmaa2_rtemplate template = NULL;
  store_lock();
  const struct reservation_record *record = reservation_of(reservation->number);
  if (record != NULL) {
    template = rtemplate_new();
    template->reservationName = record->name[0] == '\0' ? NULL : string_new(record->name);
    template->jobCategory = record->category[0] == '\0' ? NULL : string_new(record->category);
    template->usersACL = list_of_lines(record->users);
    template->candidateMachines = list_of_lines(record->machines);
    template->startTime = record->asked_start;
    template->endTime = record->asked_end;
    template->duration = record->asked_duration;
    template->minSlots = record->min_slots;
    template->maxSlots = record->max_slots;
    template->minPhysMemory = record->memory;
  }
  store_unlock();
  return template;
}

#if DRMAA2_LAYOUT == DRMAA2_AGE
drmaa2_rtemplate drmaa2_r_get_rtemplate(const drmaa2_r reservation) {
  ENTER_POINTER();
  return template_of(reservation);
}
#else
drmaa2_rtemplate drmaa2_r_get_reservation_template(const drmaa2_r reservation) {
  ENTER_POINTER();
  return template_of(reservation);
}
#endif

drmaa2_error drmaa2_r_terminate(drmaa2_r reservation) {
  ENTER_ERROR();
  NEED(reservation, RESERVATION, DRMAA2_INVALID_ARGUMENT);
  store_lock();
  struct reservation_record *record = reservation_of(reservation->number);
  if (record != NULL) {
    record->number = 0;
    scheduling_round();
  }
  store_unlock();
  return drmaa2_lasterror();
}
