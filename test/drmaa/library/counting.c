/* Counters in the store, so that they can be read while a process lives and after it has died. */
#include "counting.h"

#include <stdarg.h>
#include <unistd.h>

static const char *const kind_names[KINDS] = {
    "string",   "list",     "dict",     "jinfo",    "slotinfo",    "rinfo",  "jtemplate",
    "rtemplate", "notification", "queueinfo", "version", "machineinfo", "jsession", "rsession",
    "msession", "job",      "jarray",   "reservation", "drmaa1Session", "drmaa1Template", "drmaa1Values",
};

struct process_record *process_record(void) {
  static struct process_record *own;
  if (own != NULL && own->pid == getpid()) return own;
  if (store() == NULL) return NULL;
  store_lock();
  struct store *all = store();
  own = NULL;
  if (all->processes_used < MAX_PROCESSES) {
    own = &all->processes[all->processes_used++];
    own->pid = getpid();
  }
  store_unlock();
  return own;
}

static size_t append(char *text, size_t size, size_t length, const char *format, ...) {
  if (length >= size) return length;
  va_list values;
  va_start(values, format);
  int more = vsnprintf(text + length, size - length, format, values);
  va_end(values);
  return length + (size_t)more;
}

size_t counters_json(const struct process_record *process, char *text, size_t size) {
  size_t length = append(text, size, 0, "{\"pid\":%d,\"misused\":%llu,\"foreign\":%llu", process->pid,
      (unsigned long long)process->misused, (unsigned long long)process->foreign);
  for (int i = 0; i < KINDS; i++) {
    if (process->kinds[i].created == 0 && process->kinds[i].freed == 0) continue;
    length = append(text, size, length, ",\"%s\":{\"created\":%llu,\"freed\":%llu}", kind_names[i],
        (unsigned long long)process->kinds[i].created, (unsigned long long)process->kinds[i].freed);
  }
  return append(text, size, length, "}");
}

void counters_print(FILE *file) {
  char text[4096];
  const struct store *all = store();
  fputc('[', file);
  for (uint32_t i = 0; i < all->processes_used; i++) {
    counters_json(&all->processes[i], text, sizeof text);
    fprintf(file, "%s%s", i == 0 ? "" : ",\n", text);
  }
  fputs("]\n", file);
}
