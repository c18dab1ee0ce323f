/*
 * Walks through the library as a C program does, for valgrind and ASan to look on: whatever they find
 * here is the library's own. It prints the counters at its end.
 */
#include "driver.h"

#include <unistd.h>

static int notified;

static void notify(drmaa2_notification *notification) {
  CHECK((*notification)->jobId != NULL);
  drmaa2_notification_free(notification);
  CHECK(*notification == NULL);
  __atomic_add_fetch(&notified, 1, __ATOMIC_SEQ_CST);
}

static void free_version(drmaa2_version version) {
  CHECK(version != NULL && version->major != NULL && version->minor != NULL);
  drmaa2_version_free(&version);
}

static void drive_manager(void) {
  CHECK_STRING(drmaa2_get_drms_name(), "pstar-test");
  free_version(drmaa2_get_drms_version());
#if DRMAA2_LAYOUT != DRMAA2_UGE
  drmaa2_string name = drmaa2_get_drmaa_name();
  CHECK(name != NULL);
  drmaa2_string_free(&name);
  free_version(drmaa2_get_drmaa_version());
#endif
  CHECK(drmaa2_supports(DRMAA2_CALLBACK) == DRMAA2_TRUE);
  CHECK(drmaa2_supports(DRMAA2_JT_STAGING) == DRMAA2_FALSE);
  CHECK(drmaa2_open_jsession("no such session") == NULL);
  CHECK(drmaa2_lasterror() == DRMAA2_INVALID_SESSION);
  CHECK(drmaa2_destroy_jsession("no such session") == DRMAA2_INVALID_SESSION);
}

static void drive_containers(void) {
  drmaa2_list list = drmaa2_list_create(DRMAA2_STRINGLIST, NULL);
  static const char *words[] = {"one", "two", "three"};
  for (int i = 0; i < 3; i++) CHECK(drmaa2_list_add(list, words[i]) == DRMAA2_SUCCESS);
  CHECK(drmaa2_list_size(list) == 3);
#if DRMAA2_LAYOUT == DRMAA2_PBS
  CHECK(drmaa2_list_get(list, 0) == words[2]);
#else
  CHECK(drmaa2_list_get(list, 0) == words[0]);
#endif
  CHECK(drmaa2_list_get(list, 3) == NULL && drmaa2_lasterror() == DRMAA2_INVALID_ARGUMENT);
  CHECK(drmaa2_list_del(list, 1) == DRMAA2_SUCCESS && drmaa2_list_size(list) == 2);
  drmaa2_list_free(&list);

  drmaa2_dict dict = drmaa2_dict_create(NULL);
  CHECK(drmaa2_dict_set(dict, "a", "1") == DRMAA2_SUCCESS && drmaa2_dict_set(dict, "b", "2") == DRMAA2_SUCCESS);
  CHECK(drmaa2_dict_set(dict, "a", "3") == DRMAA2_SUCCESS);
  CHECK(drmaa2_dict_has(dict, "a") == DRMAA2_TRUE && drmaa2_dict_has(dict, "c") == DRMAA2_FALSE);
  CHECK(strcmp(drmaa2_dict_get(dict, "a"), "3") == 0);
  drmaa2_string_list keys = drmaa2_dict_list(dict);
  CHECK(drmaa2_list_size(keys) == 2);
  drmaa2_list_free(&keys);
  CHECK(drmaa2_dict_del(dict, "a") == DRMAA2_SUCCESS && drmaa2_dict_get(dict, "a") == NULL);
  drmaa2_dict_free(&dict);
}

static void drive_reflection(void) {
  drmaa2_string_list (*names[])(void) = {
      drmaa2_jtemplate_impl_spec, drmaa2_jinfo_impl_spec, drmaa2_rtemplate_impl_spec, drmaa2_rinfo_impl_spec,
      drmaa2_queueinfo_impl_spec, drmaa2_machineinfo_impl_spec, drmaa2_notification_impl_spec,
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    drmaa2_string_list list = names[i]();
    CHECK(drmaa2_list_size(list) > 0);
    drmaa2_list_free(&list);
  }
  drmaa2_jtemplate template = drmaa2_jtemplate_create();
  CHECK(drmaa2_get_instance_value(template, "testNote") == NULL);
  CHECK(drmaa2_set_instance_value(template, "testNote", "so") == DRMAA2_SUCCESS);
  CHECK(drmaa2_set_instance_value(template, "testNote", "or so") == DRMAA2_SUCCESS);
  CHECK_STRING(drmaa2_get_instance_value(template, "testNote"), "or so");
  CHECK_STRING(drmaa2_describe_attribute(template, "testNote"), "a note that a job carries with it");
  CHECK(drmaa2_set_instance_value(template, "no such", "1") == DRMAA2_UNSUPPORTED_ATTRIBUTE);
  drmaa2_jtemplate_free(&template);
}

static void drive_reservations(void) {
  drmaa2_rsession session = drmaa2_create_rsession("driver", NULL);
  CHECK(session != NULL);
  CHECK_STRING(drmaa2_rsession_get_session_name(session), "driver");
  CHECK_STRING(drmaa2_rsession_get_contact(session), "pstar-test");
  drmaa2_rtemplate template = drmaa2_rtemplate_create();
  template->reservationName = strdup("for the driver");
  template->startTime = DRMAA2_NOW;
  template->duration = 1;
  template->minSlots = 100;
  CHECK(drmaa2_rsession_request_reservation(session, template) == NULL);
  CHECK(drmaa2_lasterror() == DRMAA2_DENIED_BY_DRMS);
  template->minSlots = 2;
  drmaa2_r reservation = drmaa2_rsession_request_reservation(session, template);
  drmaa2_rtemplate_free(&template);
  CHECK(reservation != NULL);
  drmaa2_rinfo info = drmaa2_r_get_info(reservation);
  CHECK(info->reservedSlots == 2 && info->reservedEndTime == info->reservedStartTime + 1);
  CHECK(drmaa2_list_size(info->reservedMachines) == 1);
  drmaa2_string id = drmaa2_r_get_id(reservation);
  CHECK(strcmp(id, info->reservationId) == 0);
  drmaa2_rinfo_free(&info);
  drmaa2_r again = drmaa2_rsession_get_reservation(session, id);
  drmaa2_string_free(&id);
#if DRMAA2_LAYOUT == DRMAA2_AGE
  template = drmaa2_r_get_rtemplate(again);
#else
  template = drmaa2_r_get_reservation_template(again);
#endif
  CHECK(template->duration == 1 && strcmp(template->reservationName, "for the driver") == 0);
  drmaa2_rtemplate_free(&template);
  CHECK_STRING(drmaa2_r_get_session_name(again), "driver");
  drmaa2_r_list all = drmaa2_rsession_get_reservations(session);
  CHECK(drmaa2_list_size(all) == 1);
  drmaa2_list_free(&all);
  CHECK(drmaa2_r_terminate(again) == DRMAA2_SUCCESS && drmaa2_r_terminate(again) == DRMAA2_INVALID_STATE);
  drmaa2_r_free(&again);
  drmaa2_r_free(&reservation);
  CHECK(drmaa2_close_rsession(session) == DRMAA2_SUCCESS);
  drmaa2_rsession_free(&session);
  session = drmaa2_open_rsession("driver");
  CHECK(session != NULL && drmaa2_close_rsession(session) == DRMAA2_SUCCESS);
  drmaa2_rsession_free(&session);
  drmaa2_string_list names = drmaa2_get_rsession_names();
  CHECK(drmaa2_list_size(names) == 1);
  drmaa2_list_free(&names);
  CHECK(drmaa2_destroy_rsession("driver") == DRMAA2_SUCCESS);
}

static void drive_monitoring(void) {
  drmaa2_msession session = drmaa2_open_msession(NULL);
  drmaa2_list list = drmaa2_msession_get_all_machines(session, NULL);
  drmaa2_machineinfo machine = (drmaa2_machineinfo)drmaa2_list_get(list, 0);
  CHECK(machine->physMemory > 0 && machine->machineOS == DRMAA2_LINUX && machine->machineArch == DRMAA2_X64);
  drmaa2_list_free(&list);
  drmaa2_list wanted = drmaa2_list_create(DRMAA2_STRINGLIST, NULL);
  drmaa2_list_add(wanted, "long");
  list = drmaa2_msession_get_all_queues(session, wanted);
  CHECK(drmaa2_list_size(list) == 1 && strcmp(((drmaa2_queueinfo)drmaa2_list_get(list, 0))->name, "long") == 0);
  drmaa2_list_free(&list);
  drmaa2_list_free(&wanted);
  list = drmaa2_msession_get_all_reservations(session);
  drmaa2_list_free(&list);
  list = drmaa2_msession_get_all_jobs(session, NULL);
  CHECK(drmaa2_list_size(list) > 0);
  drmaa2_list_free(&list);
  CHECK(drmaa2_close_msession(session) == DRMAA2_SUCCESS && drmaa2_close_msession(session) == DRMAA2_INVALID_SESSION);
  drmaa2_msession_free(&session);
}

int main(void) {
  /* First of all: the library has to be able to make its first object under its lock. */
  drmaa2_jsession session = drmaa2_create_jsession("driver", "here");
  CHECK(drmaa2_register_event_notification(notify) == DRMAA2_SUCCESS);
  drive_manager();
  drive_containers();
  drive_reflection();
  drive_reservations();
  CHECK(session != NULL && drmaa2_create_jsession("driver", NULL) == NULL);
  CHECK_STRING(drmaa2_jsession_get_contact(session), "here");
  drive_jobs(session);
  drive_monitoring();
  CHECK(drmaa2_close_jsession(session) == DRMAA2_SUCCESS && drmaa2_close_jsession(session) == DRMAA2_INVALID_SESSION);
  drmaa2_jsession_free(&session);
  CHECK(drmaa2_destroy_jsession("driver") == DRMAA2_SUCCESS);
  while (__atomic_load_n(&notified, __ATOMIC_SEQ_CST) == 0) usleep(1000);
  CHECK(drmaa2_register_event_notification(NULL) == DRMAA2_SUCCESS);
  printf("%s\n", drmaa2_test_counters());
  return 0;
}
