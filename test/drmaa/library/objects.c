/* The table of living objects, open addressed by pointer. */
#include "objects.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
  uintptr_t key; /* 0: never used, 1: was used; else the complement of a pointer, so that nothing looks reachable from here */
  enum kind kind;
  void *extension;
};

static struct entry *table;
static size_t capacity, occupied, alive;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t place_of(uintptr_t key) {
  return (size_t)((uint64_t)key * 0x9E3779B97F4A7C15u >> 20) & (capacity - 1);
}

static struct entry *find(const void *object) {
  uintptr_t key = ~(uintptr_t)object;
  if (capacity == 0 || object == NULL) return NULL;
  for (size_t i = place_of(key); table[i].key != 0; i = (i + 1) & (capacity - 1)) {
    if (table[i].key == key) return &table[i];
  }
  return NULL;
}

static void insert(uintptr_t key, enum kind kind, void *extension) {
  size_t i = place_of(key);
  while (table[i].key > 1) i = (i + 1) & (capacity - 1);
  if (table[i].key == 0) occupied++;
  table[i] = (struct entry){.key = key, .kind = kind, .extension = extension};
}

static void make_room(void) {
  if (occupied * 2 < capacity) return;
  struct entry *old = table;
  size_t before = capacity;
  capacity = capacity == 0 ? 1024 : alive * 4 > capacity ? capacity * 2 : capacity;
  table = calloc(capacity, sizeof *table);
  if (table == NULL) abort();
  occupied = 0;
  for (size_t i = 0; i < before; i++) {
    if (old[i].key > 1) insert(old[i].key, old[i].kind, old[i].extension);
  }
  free(old);
}

static void misused(void) {
  struct process_record *process = process_record();
  if (process != NULL) __atomic_add_fetch(&process->misused, 1, __ATOMIC_RELAXED);
}

void *object_new(enum kind kind, size_t size) {
  void *object = calloc(1, size);
  if (object == NULL) return NULL;
  struct process_record *process = process_record();
  pthread_mutex_lock(&lock);
  make_room();
  insert(~(uintptr_t)object, kind, NULL);
  alive++;
  if (process != NULL) process->kinds[kind].created++;
  pthread_mutex_unlock(&lock);
  return object;
}

enum kind object_kind(const void *object) {
  pthread_mutex_lock(&lock);
  const struct entry *entry = find(object);
  enum kind kind = entry == NULL ? KINDS : entry->kind;
  pthread_mutex_unlock(&lock);
  return kind;
}

bool object_check(const void *object, enum kind kind) {
  if (object_kind(object) == kind) return true;
  misused();
  return false;
}

/* False if there is no such object; else it is out of the table. */
static bool forget(const void *object, enum kind kind) {
  struct process_record *process = process_record();
  pthread_mutex_lock(&lock);
  struct entry *entry = find(object);
  bool found = entry != NULL && entry->kind == kind;
  if (found) {
    *entry = (struct entry){.key = 1};
    alive--;
    if (process != NULL) process->kinds[kind].freed++;
  }
  pthread_mutex_unlock(&lock);
  return found;
}

bool object_end(void *object, enum kind kind) {
  if (!forget(object, kind)) {
    misused();
    return false;
  }
  free(object);
  return true;
}

void *object_extension(const void *object) {
  pthread_mutex_lock(&lock);
  const struct entry *entry = find(object);
  void *extension = entry == NULL ? NULL : entry->extension;
  pthread_mutex_unlock(&lock);
  return extension;
}

void object_extend(const void *object, void *extension) {
  pthread_mutex_lock(&lock);
  struct entry *entry = find(object);
  if (entry != NULL) entry->extension = extension;
  pthread_mutex_unlock(&lock);
}

char *string_new(const char *text) {
  if (text == NULL) return NULL;
  size_t size = strlen(text) + 1;
  char *copy = object_new(STRING, size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}

void string_end(char *text) {
  if (text == NULL) return;
  if (!forget(text, STRING)) {
    struct process_record *process = process_record();
    if (process != NULL) __atomic_add_fetch(&process->foreign, 1, __ATOMIC_RELAXED);
  }
  free(text);
}
