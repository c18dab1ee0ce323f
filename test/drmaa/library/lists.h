/* Lists and dictionaries that the library makes itself. */
#ifndef LISTS_H
#define LISTS_H

#include "drmaa2.h"

/* A list that frees its entries as its type asks for. */
drmaa2_list list_of(drmaa2_listtype type);

/* Appends, whatever drmaa2_list_add() does in this layout. */
void list_append(drmaa2_list list, void *value);

/* One string a line, or null for an empty text. */
drmaa2_string_list list_of_lines(const char *lines);

/* The other way; what does not fit is left out. */
void lines_of_list(const drmaa2_string_list list, char *lines, size_t size);

/* A dictionary whose keys and values are freed with it. */
drmaa2_dict dict_of_strings(void);
void dict_put(drmaa2_dict dict, const char *key, const char *value);

/* By position: its key and value, or false beyond the end. */
_Bool dict_at(const drmaa2_dict dict, long position, const char **key, const char **value);

void list_end(drmaa2_list list);
void dict_end(drmaa2_dict dict);

#endif
