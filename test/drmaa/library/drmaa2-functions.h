/* The functions of DRMAA 2, in the order of GFD.198, then those that only some makers have. */
#ifndef DRMAA2_FUNCTIONS_H
#define DRMAA2_FUNCTIONS_H

void drmaa2_string_free(drmaa2_string *string);
drmaa2_error drmaa2_lasterror(void);
drmaa2_string drmaa2_lasterror_text(void);

drmaa2_list drmaa2_list_create(const drmaa2_listtype type, const drmaa2_list_entryfree callback);
void drmaa2_list_free(drmaa2_list *list);
const void *drmaa2_list_get(const drmaa2_list list, long position);
drmaa2_error drmaa2_list_add(drmaa2_list list, const void *value);
drmaa2_error drmaa2_list_del(drmaa2_list list, long position);
long drmaa2_list_size(const drmaa2_list list);

drmaa2_dict drmaa2_dict_create(const drmaa2_dict_entryfree callback);
void drmaa2_dict_free(drmaa2_dict *dict);
drmaa2_string_list drmaa2_dict_list(const drmaa2_dict dict);
drmaa2_bool drmaa2_dict_has(const drmaa2_dict dict, const char *key);
const char *drmaa2_dict_get(const drmaa2_dict dict, const char *key);
drmaa2_error drmaa2_dict_del(drmaa2_dict dict, const char *key);
drmaa2_error drmaa2_dict_set(drmaa2_dict dict, const char *key, const char *value);

drmaa2_jinfo drmaa2_jinfo_create(void);
void drmaa2_jinfo_free(drmaa2_jinfo *info);
void drmaa2_slotinfo_free(drmaa2_slotinfo *info);
void drmaa2_rinfo_free(drmaa2_rinfo *info);
drmaa2_jtemplate drmaa2_jtemplate_create(void);
void drmaa2_jtemplate_free(drmaa2_jtemplate *template);
drmaa2_rtemplate drmaa2_rtemplate_create(void);
void drmaa2_rtemplate_free(drmaa2_rtemplate *template);
void drmaa2_notification_free(drmaa2_notification *notification);
void drmaa2_queueinfo_free(drmaa2_queueinfo *info);
void drmaa2_version_free(drmaa2_version *version);
void drmaa2_machineinfo_free(drmaa2_machineinfo *info);

drmaa2_string_list drmaa2_jtemplate_impl_spec(void);
drmaa2_string_list drmaa2_jinfo_impl_spec(void);
drmaa2_string_list drmaa2_rtemplate_impl_spec(void);
drmaa2_string_list drmaa2_rinfo_impl_spec(void);
drmaa2_string_list drmaa2_queueinfo_impl_spec(void);
drmaa2_string_list drmaa2_machineinfo_impl_spec(void);
drmaa2_string_list drmaa2_notification_impl_spec(void);
drmaa2_string drmaa2_get_instance_value(const void *instance, const char *name);
drmaa2_string drmaa2_describe_attribute(const void *instance, const char *name);
drmaa2_error drmaa2_set_instance_value(void *instance, const char *name, const char *value);

void drmaa2_jsession_free(drmaa2_jsession *session);
void drmaa2_rsession_free(drmaa2_rsession *session);
void drmaa2_msession_free(drmaa2_msession *session);
void drmaa2_j_free(drmaa2_j *job);
void drmaa2_jarray_free(drmaa2_jarray *array);
void drmaa2_r_free(drmaa2_r *reservation);

drmaa2_string drmaa2_jsession_get_contact(const drmaa2_jsession session);
drmaa2_string drmaa2_jsession_get_session_name(const drmaa2_jsession session);
drmaa2_string_list drmaa2_jsession_get_job_categories(const drmaa2_jsession session);
drmaa2_j_list drmaa2_jsession_get_jobs(const drmaa2_jsession session, const drmaa2_jinfo filter);
drmaa2_jarray drmaa2_jsession_get_job_array(const drmaa2_jsession session, const drmaa2_string id);
drmaa2_j drmaa2_jsession_run_job(const drmaa2_jsession session, const drmaa2_jtemplate template);
drmaa2_jarray drmaa2_jsession_run_bulk_jobs(const drmaa2_jsession session,
    const drmaa2_jtemplate template, drmaa2_index begin, drmaa2_index end, drmaa2_index step,
    drmaa2_index max_parallel);
drmaa2_j drmaa2_jsession_wait_any_started(
    const drmaa2_jsession session, const drmaa2_j_list jobs, const time_t timeout);
drmaa2_j drmaa2_jsession_wait_any_terminated(
    const drmaa2_jsession session, const drmaa2_j_list jobs, const time_t timeout);

drmaa2_string drmaa2_rsession_get_contact(const drmaa2_rsession session);
drmaa2_string drmaa2_rsession_get_session_name(const drmaa2_rsession session);
drmaa2_r drmaa2_rsession_get_reservation(const drmaa2_rsession session, const drmaa2_string id);
drmaa2_r drmaa2_rsession_request_reservation(
    const drmaa2_rsession session, const drmaa2_rtemplate template);
drmaa2_r_list drmaa2_rsession_get_reservations(const drmaa2_rsession session);

drmaa2_string drmaa2_r_get_id(const drmaa2_r reservation);
drmaa2_string drmaa2_r_get_session_name(const drmaa2_r reservation);
drmaa2_rinfo drmaa2_r_get_info(const drmaa2_r reservation);
drmaa2_error drmaa2_r_terminate(drmaa2_r reservation);

drmaa2_string drmaa2_jarray_get_id(const drmaa2_jarray array);
drmaa2_j_list drmaa2_jarray_get_jobs(const drmaa2_jarray array);
drmaa2_string drmaa2_jarray_get_session_name(const drmaa2_jarray array);
drmaa2_error drmaa2_jarray_suspend(drmaa2_jarray array);
drmaa2_error drmaa2_jarray_resume(drmaa2_jarray array);
drmaa2_error drmaa2_jarray_hold(drmaa2_jarray array);
drmaa2_error drmaa2_jarray_release(drmaa2_jarray array);
drmaa2_error drmaa2_jarray_terminate(drmaa2_jarray array);

drmaa2_string drmaa2_j_get_id(const drmaa2_j job);
drmaa2_string drmaa2_j_get_session_name(const drmaa2_j job);
drmaa2_error drmaa2_j_suspend(drmaa2_j job);
drmaa2_error drmaa2_j_resume(drmaa2_j job);
drmaa2_error drmaa2_j_hold(drmaa2_j job);
drmaa2_error drmaa2_j_release(drmaa2_j job);
drmaa2_error drmaa2_j_terminate(drmaa2_j job);
drmaa2_jstate drmaa2_j_get_state(const drmaa2_j job, drmaa2_string *substate);
drmaa2_jinfo drmaa2_j_get_info(const drmaa2_j job);
drmaa2_error drmaa2_j_wait_started(const drmaa2_j job, const time_t timeout);
drmaa2_error drmaa2_j_wait_terminated(const drmaa2_j job, const time_t timeout);

drmaa2_r_list drmaa2_msession_get_all_reservations(const drmaa2_msession session);
drmaa2_j_list drmaa2_msession_get_all_jobs(const drmaa2_msession session, const drmaa2_jinfo filter);
drmaa2_queueinfo_list drmaa2_msession_get_all_queues(
    const drmaa2_msession session, const drmaa2_string_list names);
drmaa2_machineinfo_list drmaa2_msession_get_all_machines(
    const drmaa2_msession session, const drmaa2_string_list names);

drmaa2_string drmaa2_get_drms_name(void);
drmaa2_version drmaa2_get_drms_version(void);
#if DRMAA2_LAYOUT != DRMAA2_UGE
drmaa2_string drmaa2_get_drmaa_name(void);
drmaa2_version drmaa2_get_drmaa_version(void);
#endif
drmaa2_bool drmaa2_supports(const drmaa2_capability capability);
drmaa2_jsession drmaa2_create_jsession(const char *name, const char *contact);
drmaa2_rsession drmaa2_create_rsession(const char *name, const char *contact);
drmaa2_jsession drmaa2_open_jsession(const char *name);
drmaa2_rsession drmaa2_open_rsession(const char *name);
drmaa2_msession drmaa2_open_msession(const char *name);
drmaa2_error drmaa2_close_jsession(drmaa2_jsession session);
drmaa2_error drmaa2_close_rsession(drmaa2_rsession session);
drmaa2_error drmaa2_close_msession(drmaa2_msession session);
drmaa2_error drmaa2_destroy_jsession(const char *name);
drmaa2_error drmaa2_destroy_rsession(const char *name);
drmaa2_string_list drmaa2_get_jsession_names(void);
drmaa2_string_list drmaa2_get_rsession_names(void);
drmaa2_error drmaa2_register_event_notification(const drmaa2_callback callback);

/* The template that something was made of has had three names. */
#if DRMAA2_LAYOUT == DRMAA2_OGF || DRMAA2_LAYOUT == DRMAA2_UGE
drmaa2_jtemplate drmaa2_j_get_jt(const drmaa2_j job);
drmaa2_jtemplate drmaa2_jarray_get_job_template(const drmaa2_jarray array);
#endif
#if DRMAA2_LAYOUT != DRMAA2_OGF
drmaa2_jtemplate drmaa2_j_get_jtemplate(const drmaa2_j job);
drmaa2_jtemplate drmaa2_jarray_get_jtemplate(const drmaa2_jarray array);
drmaa2_error drmaa2_j_reap(drmaa2_j job);
#endif
#if DRMAA2_LAYOUT == DRMAA2_AGE
drmaa2_rtemplate drmaa2_r_get_rtemplate(const drmaa2_r reservation);
#else
drmaa2_rtemplate drmaa2_r_get_reservation_template(const drmaa2_r reservation);
#endif

#if DRMAA2_LAYOUT == DRMAA2_PBS
drmaa2_error drmaa2_jarray_reap(drmaa2_jarray array);
void drmaa2_string_list_default_callback(void **value);
void drmaa2_j_list_default_callback(void **value);
void drmaa2_queueinfo_list_default_callback(void **value);
void drmaa2_machineinfo_list_default_callback(void **value);
void drmaa2_slotinfo_list_default_callback(void **value);
void drmaa2_r_list_default_callback(void **value);
void drmaa2_dict_default_callback(char **key, char **value);
#endif

#if DRMAA2_LAYOUT == DRMAA2_UGE || DRMAA2_LAYOUT == DRMAA2_AGE
void uge_drmaa2_list_free_root(drmaa2_list *list);
drmaa2_error uge_drmaa2_list_set(drmaa2_list list, long position, const void *value);
#endif

#if DRMAA2_LAYOUT == DRMAA2_AGE
typedef struct drmaa2_sudo_s {
  char username[128];
  char groupname[128];
  long uid;
  long gid;
} drmaa2_sudo_s, *drmaa2_sudo;

drmaa2_jsession drmaa2_create_jsession_as(const drmaa2_sudo as, const char *name, const char *contact);
drmaa2_rsession drmaa2_create_rsession_as(const drmaa2_sudo as, const char *name, const char *contact);
drmaa2_error drmaa2_destroy_jsession_as(const drmaa2_sudo as, const char *name);
drmaa2_error drmaa2_destroy_rsession_as(const drmaa2_sudo as, const char *name);
drmaa2_j drmaa2_jsession_run_job_as(
    const drmaa2_sudo as, const drmaa2_jsession session, const drmaa2_jtemplate template);
drmaa2_jarray drmaa2_jsession_run_bulk_jobs_as(const drmaa2_sudo as, const drmaa2_jsession session,
    const drmaa2_jtemplate template, drmaa2_index begin, drmaa2_index end, drmaa2_index step,
    drmaa2_index max_parallel);
drmaa2_r drmaa2_rsession_request_reservation_as(
    const drmaa2_sudo as, const drmaa2_rsession session, const drmaa2_rtemplate template);
drmaa2_error drmaa2_r_terminate_as(const drmaa2_sudo as, drmaa2_r reservation);
drmaa2_error drmaa2_j_suspend_as(const drmaa2_sudo as, drmaa2_j job);
drmaa2_error drmaa2_j_resume_as(const drmaa2_sudo as, drmaa2_j job);
drmaa2_error drmaa2_j_hold_as(const drmaa2_sudo as, drmaa2_j job);
drmaa2_error drmaa2_j_release_as(const drmaa2_sudo as, drmaa2_j job);
drmaa2_error drmaa2_j_terminate_as(const drmaa2_sudo as, drmaa2_j job);
drmaa2_error drmaa2_j_terminate_all_as(const drmaa2_sudo as, const drmaa2_jsession session);
drmaa2_error drmaa2_j_terminate_forced(drmaa2_j job);
drmaa2_error drmaa2_j_terminate_all(const drmaa2_jsession session);
drmaa2_error drmaa2_j_terminate_forced_all(const drmaa2_jsession session);
drmaa2_error drmaa2_jsession_wait_all_started(
    const drmaa2_jsession session, const drmaa2_j_list jobs, const time_t timeout);
drmaa2_error drmaa2_jsession_wait_all_terminated(
    const drmaa2_jsession session, const drmaa2_j_list jobs, const time_t timeout);
drmaa2_rinfo drmaa2_rinfo_create(void);
drmaa2_string_list drmaa2_version_impl_spec(void);
drmaa2_string uge_vi_impl_spec_get(const drmaa2_version version, const char *name);
#endif

/* What the standard does not have: see README.md. */
const char *drmaa2_test_counters(void);

#endif
