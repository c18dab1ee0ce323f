/* Reading and carrying out the rules of failure.h. */
#include "failure.h"

#include "store.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* LeakSanitizer's, where it is. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

struct rule {
  char function[NAME];
  char what[NAME];
  char argument[NAME];
  uint64_t from, to;
};

static bool parse(const char *text, struct rule *rule) {
  char copy[3 * NAME + 1];
  copy_text(copy, sizeof copy, text);
  char *at = strrchr(copy, '@');
  rule->from = 1;
  rule->to = UINT64_MAX;
  if (at != NULL) {
    char *end;
    *at = '\0';
    rule->from = strtoull(at + 1, &end, 10);
    if (*end != '+') rule->to = rule->from;
  }
  char *what = strchr(copy, ':');
  if (what == NULL) return false;
  *what++ = '\0';
  char *argument = strchr(what, '=');
  if (argument != NULL) *argument++ = '\0';
  copy_text(rule->function, sizeof rule->function, copy);
  copy_text(rule->what, sizeof rule->what, what);
  copy_text(rule->argument, sizeof rule->argument, argument);
  return true;
}

static bool means(const struct rule *rule, const char *function) {
  const char *name = strstr(function, "drmaa2_") == function ? function + 7 : function;
  if (strstr(function, "drmaa_") == function) name = function + 6;
  size_t length = strlen(name), wanted = strlen(rule->function);
  if (wanted > length || strcmp(name + length - wanted, rule->function) != 0) return false;
  return wanted == length || name[length - wanted - 1] == '_';
}

/* How often this rule was met, this time included. */
static uint64_t count(const char *text) {
  uint64_t hash = 14695981039346656037u, calls = 1;
  for (const char *c = text; *c != '\0'; c++) hash = (hash ^ (unsigned char)*c) * 1099511628211u;
  struct store *all = store();
  if (all == NULL) return calls;
  store_lock();
  for (int i = 0; i < MAX_RULES; i++) {
    if (all->rules[i].hash != 0 && all->rules[i].hash != hash) continue;
    all->rules[i].hash = hash;
    calls = ++all->rules[i].calls;
    break;
  }
  store_unlock();
  return calls;
}

static enum failure carry_out(const struct rule *rule, int *number) {
  const char *what = rule->what;
  *number = atoi(rule->argument);
  if (strcmp(what, "error") == 0) return ERROR;
  if (strcmp(what, "garbage") == 0) return GARBAGE;
  if (strcmp(what, "answer") == 0) return ANSWER;
  if (strcmp(what, "abort") == 0) abort();
  if (strcmp(what, "exit") == 0) _exit(*number);
  if (strcmp(what, "hang") == 0) {
    for (;;) pause();
  }
  if (strcmp(what, "segfault") == 0) {
    /* The default action, also where somebody has a handler. */
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
  }
  if (strcmp(what, "slow") == 0) {
    struct timespec time = {.tv_sec = *number / 1000, .tv_nsec = *number % 1000 * 1000000L};
    nanosleep(&time, NULL);
  }
  if (strcmp(what, "leaks") == 0 && __lsan_do_recoverable_leak_check != NULL) __lsan_do_recoverable_leak_check();
  if (strcmp(what, "print") == 0) {
    printf("%s\n", rule->argument);
    fflush(stdout);
    fprintf(stderr, "%s\n", rule->argument);
  }
  return NO_FAILURE;
}

static enum failure look(char *rules, const char *function, int *number) {
  char *rest = NULL;
  for (char *text = strtok_r(rules, ", \n", &rest); text != NULL; text = strtok_r(NULL, ", \n", &rest)) {
    struct rule rule;
    if (!parse(text, &rule) || !means(&rule, function)) continue;
    uint64_t calls = rule.from == 1 && rule.to == UINT64_MAX ? 1 : count(text);
    if (calls < rule.from || calls > rule.to) continue;
    enum failure failure = carry_out(&rule, number);
    if (failure != NO_FAILURE) return failure;
  }
  return NO_FAILURE;
}

enum failure failure_of(const char *function, int *number) {
  char rules[4096], path[PATH_MAX];
  const char *set = getenv("DRMAA2_TEST_FAIL");
  if (set != NULL && *set != '\0') {
    copy_text(rules, sizeof rules, set);
    enum failure failure = look(rules, function, number);
    if (failure != NO_FAILURE) return failure;
  }
  snprintf(path, sizeof path, "%s/fail", store_root());
  FILE *file = access(path, R_OK) == 0 ? fopen(path, "re") : NULL;
  if (file == NULL) return NO_FAILURE;
  size_t length = fread(rules, 1, sizeof rules - 1, file);
  fclose(file);
  rules[length] = '\0';
  return look(rules, function, number);
}
