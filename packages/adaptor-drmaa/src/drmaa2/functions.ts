/**
 * The functions of DRMAA 2's header as data: what they take and answer. Nothing is bound by it; what a
 * library lacks is found out when it is called. `j_wait_*` are missing on purpose: PBSPro's return at
 * once, others compare the time to wait with the clock, and a state that is asked for says the same.
 *
 * What they answer: `error` a number that is 0 if all is well, `object` something to be freed by its
 * own function, `string` one to be freed by `drmaa2_string_free`, `borrowed` a pointer into what was
 * asked, `truth` and `count` numbers, `state` one with a lasterror beside it, `nothing`.
 * What they take: `p` a pointer, `r` where one is kept, which a free sets to NULL; `s` a string for the
 * time of the call, `w` where a string is put; `i` an int, `l` a long, `t` a time_t.
 */

/** What a function answers. */
export type Answer =
  | 'error'
  | 'object'
  | 'string'
  | 'borrowed'
  | 'truth'
  | 'count'
  | 'state'
  | 'nothing';

/** A function: its answer, what it takes, and whether it touches nothing but memory. */
export interface Signature {
  readonly answer: Answer;
  readonly takes: string;
  readonly memory: boolean;
}

/** Functions by name, without `drmaa2_`: `name takes`, in groups of one answer. */
const OF_MEMORY: Readonly<Partial<Record<Answer, string>>> = {
  nothing: `string_free r, list_free r, dict_free r, jinfo_free r, slotinfo_free r, rinfo_free r,
    notification_free r, queueinfo_free r, version_free r, machineinfo_free r, jtemplate_free r,
    rtemplate_free r`,
  object:
    'list_create ip, dict_create p, jinfo_create, jtemplate_create, rtemplate_create, dict_list p',
  borrowed: 'list_get pl, dict_get ps',
  error: 'list_add pp, dict_set ppp',
  count: 'list_size p',
};

const OF_THE_SYSTEM: Readonly<Partial<Record<Answer, string>>> = {
  nothing: 'jsession_free r, rsession_free r, msession_free r, j_free r, jarray_free r, r_free r',
  truth: 'supports i',
  state: 'j_get_state pw',
  string: `lasterror_text, get_drms_name, get_drmaa_name, jsession_get_contact p,
    jsession_get_session_name p, rsession_get_contact p, rsession_get_session_name p, j_get_id p,
    j_get_session_name p, jarray_get_id p, jarray_get_session_name p, r_get_id p,
    r_get_session_name p, get_instance_value ps, describe_attribute ps`,
  object: `jtemplate_impl_spec, jinfo_impl_spec, rtemplate_impl_spec, rinfo_impl_spec,
    queueinfo_impl_spec, machineinfo_impl_spec, notification_impl_spec, get_drms_version,
    get_drmaa_version, create_jsession ss, create_rsession ss, open_jsession s, open_rsession s,
    open_msession s, get_jsession_names, get_rsession_names, jsession_get_job_categories p,
    jsession_get_jobs pp, jsession_get_job_array ps, jsession_run_job pp,
    jsession_run_bulk_jobs ppllll, jsession_wait_any_started ppt, jsession_wait_any_terminated ppt,
    j_get_jt p, j_get_jtemplate p, j_get_info p, jarray_get_jobs p, jarray_get_job_template p,
    jarray_get_jtemplate p, msession_get_all_reservations p, msession_get_all_jobs pp,
    msession_get_all_queues pp, msession_get_all_machines pp, rsession_get_reservation ps,
    rsession_request_reservation pp, rsession_get_reservations p, r_get_reservation_template p,
    r_get_rtemplate p, r_get_info p`,
  error: `lasterror, close_jsession p, close_rsession p, close_msession p, destroy_jsession s,
    destroy_rsession s, register_event_notification p, set_instance_value ppp, j_suspend p,
    j_resume p, j_hold p, j_release p, j_terminate p, j_reap p, jarray_suspend p, jarray_resume p,
    jarray_hold p, jarray_release p, jarray_terminate p, jarray_reap p, r_terminate p`,
};

function read(groups: Readonly<Partial<Record<Answer, string>>>, memory: boolean) {
  return Object.entries(groups).flatMap(([answer, list]) =>
    list.split(',').map((entry): [string, Signature] => {
      const [name = '', takes = ''] = entry.trim().split(' ');
      return [name, { answer: answer as Answer, takes, memory }];
    }),
  );
}

/** Every function that is called, by its name without `drmaa2_`. */
export const FUNCTIONS: ReadonlyMap<string, Signature> = new Map([
  ...read(OF_MEMORY, true),
  ...read(OF_THE_SYSTEM, false),
]);
