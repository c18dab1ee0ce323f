/*
 * The C interface of DRMAA 2 (OGF GFD.198) as four makers lay it out in memory. Which of them is
 * meant is DRMAA2_LAYOUT; without it, the standard's own text is. The differences are few and all
 * of them are here: what a struct begins and ends with, which enums know an UNSET, which functions
 * there are and how they are called.
 */
#ifndef DRMAA2_H
#define DRMAA2_H

#include <stddef.h>
#include <time.h>

#define DRMAA2_OGF 1 /* GFD.198, first edition */
#define DRMAA2_UGE 2 /* Univa Grid Engine 8.3 */
#define DRMAA2_PBS 3 /* PBS Professional */
#define DRMAA2_AGE 4 /* Altair Grid Engine 8.7 and later */
#ifndef DRMAA2_LAYOUT
#define DRMAA2_LAYOUT DRMAA2_OGF
#endif

#if DRMAA2_LAYOUT == DRMAA2_OGF
#define DRMAA2_ENUM_UNSET(name)
#define DRMAA2_EXTENSION
#else
#define DRMAA2_ENUM_UNSET(name) name = -1,
#define DRMAA2_EXTENSION void *implementationSpecific;
#endif
#if DRMAA2_LAYOUT == DRMAA2_PBS || DRMAA2_LAYOUT == DRMAA2_AGE
#define DRMAA2_LATE_EXTENSION DRMAA2_EXTENSION
#else
#define DRMAA2_LATE_EXTENSION
#endif

#define DRMAA2_ZERO_TIME ((time_t)0)
#define DRMAA2_INFINITE_TIME ((time_t)-1)
#define DRMAA2_NOW ((time_t)-2)
#define DRMAA2_UNSET_TIME ((time_t)-3)
#define DRMAA2_UNSET_BOOL DRMAA2_FALSE
#define DRMAA2_UNSET_NUM (-1)
#define DRMAA2_UNSET_ENUM (-1)
#define DRMAA2_HOME_DIR "$DRMAA2_HOME_DIR$"
#define DRMAA2_WORKING_DIR "$DRMAA2_WORKING_DIR$"
#define DRMAA2_INDEX "$DRMAA2_INDEX$"

typedef enum drmaa2_bool { DRMAA2_FALSE = 0, DRMAA2_TRUE = 1 } drmaa2_bool;

typedef enum drmaa2_capability {
  DRMAA2_ENUM_UNSET(DRMAA2_UNSET_CAPABILITY)
  DRMAA2_ADVANCE_RESERVATION = 0,
  DRMAA2_RESERVE_SLOTS = 1,
  DRMAA2_CALLBACK = 2,
  DRMAA2_BULK_JOBS_MAXPARALLEL = 3,
  DRMAA2_JT_EMAIL = 4,
  DRMAA2_JT_STAGING = 5,
  DRMAA2_JT_DEADLINE = 6,
  DRMAA2_JT_MAXSLOTS = 7,
  DRMAA2_JT_ACCOUNTINGID = 8,
  DRMAA2_RT_STARTNOW = 9,
  DRMAA2_RT_DURATION = 10,
  DRMAA2_RT_MACHINEOS = 11,
  DRMAA2_RT_MACHINEARCH = 12
} drmaa2_capability;

typedef enum drmaa2_cpu {
  DRMAA2_ENUM_UNSET(DRMAA2_UNSET_CPU)
  DRMAA2_OTHER_CPU = 0,
  DRMAA2_ALPHA = 1,
  DRMAA2_ARM = 2,
  DRMAA2_ARM64 = 3,
  DRMAA2_CELL = 4,
  DRMAA2_PARISC = 5,
  DRMAA2_PARISC64 = 6,
  DRMAA2_X86 = 7,
  DRMAA2_X64 = 8,
  DRMAA2_IA64 = 9,
  DRMAA2_MIPS = 10,
  DRMAA2_MIPS64 = 11,
  DRMAA2_PPC = 12,
  DRMAA2_PPC64 = 13,
  DRMAA2_SPARC = 14,
  DRMAA2_SPARC64 = 15,
#if DRMAA2_LAYOUT == DRMAA2_PBS
  DRMAA2_PPC64LE = 16
#endif
} drmaa2_cpu;

typedef enum drmaa2_os {
  DRMAA2_ENUM_UNSET(DRMAA2_UNSET_OS)
  DRMAA2_OTHER_OS = 0,
  DRMAA2_AIX = 1,
  DRMAA2_BSD = 2,
  DRMAA2_LINUX = 3,
  DRMAA2_HPUX = 4,
  DRMAA2_IRIX = 5,
  DRMAA2_MACOS = 6,
  DRMAA2_SUNOS = 7,
  DRMAA2_TRU64 = 8,
  DRMAA2_UNIXWARE = 9,
  DRMAA2_WIN = 10,
  DRMAA2_WINNT = 11
} drmaa2_os;

typedef enum drmaa2_event {
  DRMAA2_ENUM_UNSET(DRMAA2_UNSET_EVENT)
  DRMAA2_NEW_STATE = 0,
  DRMAA2_MIGRATED = 1,
  DRMAA2_ATTRIBUTE_CHANGE = 2
} drmaa2_event;

typedef enum drmaa2_jstate {
  DRMAA2_ENUM_UNSET(DRMAA2_UNSET_JSTATE)
  DRMAA2_UNDETERMINED = 0,
  DRMAA2_QUEUED = 1,
  DRMAA2_QUEUED_HELD = 2,
  DRMAA2_RUNNING = 3,
  DRMAA2_SUSPENDED = 4,
  DRMAA2_REQUEUED = 5,
  DRMAA2_REQUEUED_HELD = 6,
  DRMAA2_DONE = 7,
  DRMAA2_FAILED = 8
} drmaa2_jstate;

typedef enum drmaa2_error {
  DRMAA2_ENUM_UNSET(DRMAA2_UNSET_ERROR)
  DRMAA2_SUCCESS = 0,
  DRMAA2_DENIED_BY_DRMS = 1,
  DRMAA2_DRM_COMMUNICATION = 2,
  DRMAA2_TRY_LATER = 3,
  DRMAA2_SESSION_MANAGEMENT = 4,
  DRMAA2_TIMEOUT = 5,
  DRMAA2_INTERNAL = 6,
  DRMAA2_INVALID_ARGUMENT = 7,
  DRMAA2_INVALID_SESSION = 8,
  DRMAA2_INVALID_STATE = 9,
  DRMAA2_OUT_OF_RESOURCE = 10,
  DRMAA2_UNSUPPORTED_ATTRIBUTE = 11,
  DRMAA2_UNSUPPORTED_OPERATION = 12,
  DRMAA2_IMPLEMENTATION_SPECIFIC = 13,
  DRMAA2_LASTERROR = 14
} drmaa2_error;

typedef enum drmaa2_listtype {
  DRMAA2_ENUM_UNSET(DRMAA2_UNSET_LISTTYPE)
  DRMAA2_STRINGLIST = 0,
  DRMAA2_JOBLIST = 1,
  DRMAA2_QUEUEINFOLIST = 2,
  DRMAA2_MACHINEINFOLIST = 3,
  DRMAA2_SLOTINFOLIST = 4,
  DRMAA2_RESERVATIONLIST = 5
} drmaa2_listtype;

#if DRMAA2_LAYOUT == DRMAA2_OGF
typedef enum drmaa2_limit {
  DRMAA2_CORE_FILE_SIZE = 0,
  DRMAA2_CPU_TIME = 1,
  DRMAA2_DATA_SIZE = 2,
  DRMAA2_FILE_SIZE = 3,
  DRMAA2_OPEN_FILES = 4,
  DRMAA2_STACK_SIZE = 5,
  DRMAA2_VIRTUAL_MEMORY = 6,
  DRMAA2_WALLCLOCK_TIME = 7
} drmaa2_limit;
#else
#pragma GCC visibility push(default)
extern const char *const DRMAA2_CORE_FILE_SIZE, *const DRMAA2_CPU_TIME, *const DRMAA2_DATA_SIZE,
    *const DRMAA2_FILE_SIZE, *const DRMAA2_OPEN_FILES, *const DRMAA2_STACK_SIZE,
    *const DRMAA2_VIRTUAL_MEMORY, *const DRMAA2_WALLCLOCK_TIME;
#pragma GCC visibility pop
#endif

typedef char *drmaa2_string;
typedef struct drmaa2_list_s *drmaa2_list;
typedef drmaa2_list drmaa2_string_list, drmaa2_j_list, drmaa2_queueinfo_list,
    drmaa2_machineinfo_list, drmaa2_slotinfo_list, drmaa2_r_list;
typedef void (*drmaa2_list_entryfree)(void **value);
typedef struct drmaa2_dict_s *drmaa2_dict;
typedef void (*drmaa2_dict_entryfree)(char **key, char **value);

typedef struct drmaa2_jinfo_s {
  drmaa2_string jobId;
#if DRMAA2_LAYOUT == DRMAA2_PBS || DRMAA2_LAYOUT == DRMAA2_AGE
  drmaa2_string jobName;
#endif
  int exitStatus;
  drmaa2_string terminatingSignal;
  drmaa2_string annotation;
  drmaa2_jstate jobState;
  drmaa2_string jobSubState;
  drmaa2_list allocatedMachines; /* of strings in OGF and UGE, of slotinfo in PBS and AGE */
  drmaa2_string submissionMachine;
  drmaa2_string jobOwner;
  long long slots;
  drmaa2_string queueName;
  time_t wallclockTime;
  long long cpuTime;
  time_t submissionTime;
  time_t dispatchTime;
  time_t finishTime;
  DRMAA2_EXTENSION
} drmaa2_jinfo_s, *drmaa2_jinfo;

typedef struct drmaa2_slotinfo_s {
  drmaa2_string machineName;
  long long slots;
  DRMAA2_LATE_EXTENSION
} drmaa2_slotinfo_s, *drmaa2_slotinfo;

typedef struct drmaa2_rinfo_s {
  drmaa2_string reservationId;
  drmaa2_string reservationName;
  time_t reservedStartTime;
  time_t reservedEndTime;
  drmaa2_string_list usersACL;
  long long reservedSlots;
  drmaa2_slotinfo_list reservedMachines;
  DRMAA2_EXTENSION
} drmaa2_rinfo_s, *drmaa2_rinfo;

typedef struct drmaa2_jtemplate_s {
  drmaa2_string remoteCommand;
  drmaa2_string_list args;
  drmaa2_bool submitAsHold;
  drmaa2_bool rerunnable;
  drmaa2_dict jobEnvironment;
  drmaa2_string workingDirectory;
  drmaa2_string jobCategory;
  drmaa2_string_list email;
  drmaa2_bool emailOnStarted;
  drmaa2_bool emailOnTerminated;
  drmaa2_string jobName;
  drmaa2_string inputPath;
  drmaa2_string outputPath;
  drmaa2_string errorPath;
  drmaa2_bool joinFiles;
  drmaa2_string reservationId;
  drmaa2_string queueName;
  long long minSlots;
  long long maxSlots;
  long long priority;
  drmaa2_string_list candidateMachines;
  long long minPhysMemory;
  drmaa2_os machineOS;
  drmaa2_cpu machineArch;
  time_t startTime;
  time_t deadlineTime;
  drmaa2_dict stageInFiles;
  drmaa2_dict stageOutFiles;
  drmaa2_dict resourceLimits;
  drmaa2_string accountingId;
  DRMAA2_EXTENSION
} drmaa2_jtemplate_s, *drmaa2_jtemplate;

typedef struct drmaa2_rtemplate_s {
  drmaa2_string reservationName;
  time_t startTime;
  time_t endTime;
  time_t duration;
  long long minSlots;
  long long maxSlots;
  drmaa2_string jobCategory;
  drmaa2_string_list usersACL;
  drmaa2_string_list candidateMachines;
  long long minPhysMemory;
  drmaa2_os machineOS;
  drmaa2_cpu machineArch;
  DRMAA2_EXTENSION
} drmaa2_rtemplate_s, *drmaa2_rtemplate;

typedef struct drmaa2_notification_s {
  drmaa2_event event;
  drmaa2_string jobId;
  drmaa2_string sessionName;
  drmaa2_jstate jobState;
  DRMAA2_LATE_EXTENSION
} drmaa2_notification_s, *drmaa2_notification;

typedef struct drmaa2_queueinfo_s {
  drmaa2_string name;
  DRMAA2_EXTENSION
} drmaa2_queueinfo_s, *drmaa2_queueinfo;

typedef struct drmaa2_version_s {
  drmaa2_string major;
  drmaa2_string minor;
  DRMAA2_LATE_EXTENSION
} drmaa2_version_s, *drmaa2_version;

typedef struct drmaa2_machineinfo_s {
  drmaa2_string name;
  drmaa2_bool available;
  long long sockets;
  long long coresPerSocket;
  long long threadsPerCore;
  float load;
  long long physMemory;
  long long virtMemory;
#if DRMAA2_LAYOUT == DRMAA2_OGF || DRMAA2_LAYOUT == DRMAA2_PBS
  drmaa2_os machineOS;
  drmaa2_version machineOSVersion;
  drmaa2_cpu machineArch;
#else
  drmaa2_cpu machineArch;
  drmaa2_version machineOSVersion;
  drmaa2_os machineOS;
#endif
  DRMAA2_EXTENSION
} drmaa2_machineinfo_s, *drmaa2_machineinfo;

typedef struct drmaa2_jsession_s *drmaa2_jsession;
typedef struct drmaa2_rsession_s *drmaa2_rsession;
typedef struct drmaa2_msession_s *drmaa2_msession;
typedef struct drmaa2_j_s *drmaa2_j;
typedef struct drmaa2_jarray_s *drmaa2_jarray;
typedef struct drmaa2_r_s *drmaa2_r;
typedef void (*drmaa2_callback)(drmaa2_notification *notification);

#if DRMAA2_LAYOUT == DRMAA2_OGF
typedef unsigned long drmaa2_index;
#else
typedef long long drmaa2_index;
#endif

#pragma GCC visibility push(default)
#include "drmaa2-functions.h"
#pragma GCC visibility pop

#endif
