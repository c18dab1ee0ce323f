/* Strings, and lists, which keep the pointers that they are given, as the standard says. */
#include "lists.h"

#include "errors.h"
#include "values.h"

#include <stdlib.h>
#include <string.h>

struct drmaa2_list_s {
  drmaa2_listtype type;
  drmaa2_list_entryfree callback;
  long size, capacity;
  void **values;
};

void drmaa2_string_free(drmaa2_string *string) {
  string_end(*string);
  *string = NULL;
}

drmaa2_list drmaa2_list_create(const drmaa2_listtype type, const drmaa2_list_entryfree callback) {
  ENTER_POINTER();
  if ((int)type < DRMAA2_STRINGLIST || type > DRMAA2_RESERVATIONLIST) {
    refuse(DRMAA2_INVALID_ARGUMENT, "there are no lists of type %d", (int)type);
    return NULL;
  }
  drmaa2_list list = object_new(LIST, sizeof *list);
  list->type = type;
  list->callback = callback;
  return list;
}

void list_end(drmaa2_list list) {
  if (list == NULL || !object_check(list, LIST)) return;
  for (long i = 0; list->callback != NULL && i < list->size; i++) list->callback(&list->values[i]);
  free(list->values);
  object_end(list, LIST);
}

void drmaa2_list_free(drmaa2_list *list) {
  list_end(*list);
  *list = NULL;
}

const void *drmaa2_list_get(const drmaa2_list list, long position) {
  ENTER_POINTER();
  NEED(list, LIST, NULL);
  if (position >= 0 && position < list->size) return list->values[position];
  refuse(DRMAA2_INVALID_ARGUMENT, "the list has %ld entries, and none at %ld", list->size, position);
  return NULL;
}

static void insert(drmaa2_list list, long position, void *value) {
  if (list->size == list->capacity) {
    list->capacity = list->capacity == 0 ? 8 : list->capacity * 2;
    list->values = realloc(list->values, (size_t)list->capacity * sizeof *list->values);
    if (list->values == NULL) abort();
  }
  memmove(list->values + position + 1, list->values + position, (size_t)(list->size - position) * sizeof *list->values);
  list->values[position] = value;
  list->size++;
}

void list_append(drmaa2_list list, void *value) {
  insert(list, list->size, value);
}

drmaa2_error drmaa2_list_add(drmaa2_list list, const void *value) {
  ENTER_ERROR();
  NEED(list, LIST, DRMAA2_INVALID_ARGUMENT);
#if DRMAA2_LAYOUT == DRMAA2_PBS
  insert(list, 0, (void *)value); /* as PBS does: lists come out in reverse */
#else
  list_append(list, (void *)value);
#endif
  return DRMAA2_SUCCESS;
}

drmaa2_error drmaa2_list_del(drmaa2_list list, long position) {
  ENTER_ERROR();
  NEED(list, LIST, DRMAA2_INVALID_ARGUMENT);
  if (position < 0 || position >= list->size) {
    return refuse(DRMAA2_INVALID_ARGUMENT, "the list has %ld entries, and none at %ld", list->size, position);
  }
  if (list->callback != NULL) list->callback(&list->values[position]);
  list->size--;
  memmove(list->values + position, list->values + position + 1, (size_t)(list->size - position) * sizeof *list->values);
  return DRMAA2_SUCCESS;
}

long drmaa2_list_size(const drmaa2_list list) {
  ENTER(-1);
  if (garbage()) return -7;
  NEED(list, LIST, -1);
  return list->size;
}

#if DRMAA2_LAYOUT == DRMAA2_UGE || DRMAA2_LAYOUT == DRMAA2_AGE
void uge_drmaa2_list_free_root(drmaa2_list *list) {
  if (*list != NULL && object_check(*list, LIST)) {
    (*list)->callback = NULL;
    list_end(*list);
  }
  *list = NULL;
}

drmaa2_error uge_drmaa2_list_set(drmaa2_list list, long position, const void *value) {
  ENTER_ERROR();
  NEED(list, LIST, DRMAA2_INVALID_ARGUMENT);
  if (position < 0 || position >= list->size) return refuse(DRMAA2_INVALID_ARGUMENT, "there is no entry %ld", position);
  list->values[position] = (void *)value;
  return DRMAA2_SUCCESS;
}
#endif

drmaa2_list list_of(drmaa2_listtype type) {
  drmaa2_list list = object_new(LIST, sizeof *list);
  list->type = type;
  list->callback = entry_free(type);
  return list;
}

drmaa2_string_list list_of_lines(const char *lines) {
  if (*lines == '\0') return NULL;
  drmaa2_list list = list_of(DRMAA2_STRINGLIST);
  char *copy = strdup(lines), *rest = NULL;
  for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    list_append(list, string_new(line));
  }
  free(copy);
  return list;
}

void lines_of_list(const drmaa2_string_list list, char *lines, size_t size) {
  size_t length = 0;
  lines[0] = '\0';
  for (long i = 0; list != NULL && i < list->size; i++) {
    size_t more = strlen(list->values[i]);
    if (length + more + 2 > size) return;
    memcpy(lines + length, list->values[i], more);
    lines[length + more] = '\n';
    lines[length += more + 1] = '\0';
  }
}
