/* What each layout must come to on x86-64; the binding reads these bytes and nothing tells it more. */
#include "drmaa2.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size")
#define AT(type, member, bytes) \
  _Static_assert(offsetof(type, member) == (bytes), #type "." #member " is elsewhere")

#if DRMAA2_LAYOUT == DRMAA2_OGF
SIZE(drmaa2_jinfo_s, 128);
SIZE(drmaa2_slotinfo_s, 16);
SIZE(drmaa2_rinfo_s, 56);
SIZE(drmaa2_jtemplate_s, 216);
SIZE(drmaa2_rtemplate_s, 88);
SIZE(drmaa2_notification_s, 32);
SIZE(drmaa2_queueinfo_s, 8);
SIZE(drmaa2_version_s, 16);
SIZE(drmaa2_machineinfo_s, 88);
#elif DRMAA2_LAYOUT == DRMAA2_UGE
SIZE(drmaa2_jinfo_s, 136);
SIZE(drmaa2_slotinfo_s, 16);
SIZE(drmaa2_rinfo_s, 64);
SIZE(drmaa2_jtemplate_s, 224);
SIZE(drmaa2_rtemplate_s, 96);
SIZE(drmaa2_notification_s, 32);
SIZE(drmaa2_queueinfo_s, 16);
SIZE(drmaa2_version_s, 16);
SIZE(drmaa2_machineinfo_s, 96);
#else
SIZE(drmaa2_jinfo_s, 144);
SIZE(drmaa2_slotinfo_s, 24);
SIZE(drmaa2_rinfo_s, 64);
SIZE(drmaa2_jtemplate_s, 224);
SIZE(drmaa2_rtemplate_s, 96);
SIZE(drmaa2_notification_s, 40);
SIZE(drmaa2_queueinfo_s, 16);
SIZE(drmaa2_version_s, 24);
SIZE(drmaa2_machineinfo_s, 96);
#endif

#if DRMAA2_LAYOUT == DRMAA2_OGF || DRMAA2_LAYOUT == DRMAA2_UGE
AT(drmaa2_jinfo_s, exitStatus, 8);
#else
AT(drmaa2_jinfo_s, exitStatus, 16);
#endif
#if DRMAA2_LAYOUT == DRMAA2_OGF || DRMAA2_LAYOUT == DRMAA2_PBS
AT(drmaa2_machineinfo_s, machineOS, 64);
AT(drmaa2_machineinfo_s, machineArch, 80);
#else
AT(drmaa2_machineinfo_s, machineArch, 64);
AT(drmaa2_machineinfo_s, machineOS, 80);
#endif
AT(drmaa2_machineinfo_s, machineOSVersion, 72);
