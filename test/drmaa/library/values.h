/* The objects that hold values, and their frees by type. */
#ifndef VALUES_H
#define VALUES_H

#include "drmaa2.h"

/* What frees an entry of a list of that type. */
drmaa2_list_entryfree entry_free(drmaa2_listtype type);

drmaa2_jinfo jinfo_new(void);
drmaa2_jtemplate jtemplate_new(void);
drmaa2_rtemplate rtemplate_new(void);
drmaa2_rinfo rinfo_new(void);
drmaa2_slotinfo slotinfo_new(const char *machine, long long slots);
drmaa2_version version_new(const char *major, const char *minor);
drmaa2_queueinfo queueinfo_new(const char *name);
drmaa2_machineinfo machineinfo_new(void);
drmaa2_notification notification_new(int event, const char *job, const char *session, int state);

#endif
