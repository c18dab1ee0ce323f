/* The names of limits, which all but OGF's first header have as strings. */
#include "drmaa2.h"

#if DRMAA2_LAYOUT != DRMAA2_OGF
const char *const DRMAA2_CORE_FILE_SIZE = "CORE_FILE_SIZE";
const char *const DRMAA2_CPU_TIME = "CPU_TIME";
const char *const DRMAA2_DATA_SIZE = "DATA_SIZE";
const char *const DRMAA2_FILE_SIZE = "FILE_SIZE";
const char *const DRMAA2_OPEN_FILES = "OPEN_FILES";
const char *const DRMAA2_STACK_SIZE = "STACK_SIZE";
const char *const DRMAA2_VIRTUAL_MEMORY = "VIRTUAL_MEMORY";
const char *const DRMAA2_WALLCLOCK_TIME = "WALLCLOCK_TIME";
#endif
