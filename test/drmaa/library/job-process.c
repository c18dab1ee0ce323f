/* The job's own process: its directory, files, limits, environment and program. */
#include "job-process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct preparation {
  const struct job_record *job;
  char directory[PATH_MAX];
  int report; /* where the child says what went wrong; closed by a successful exec */
};

static void fail(const struct preparation *preparation, const char *what) {
  dprintf(preparation->report, "%s: %s", what, strerror(errno));
  _exit(1);
}

/* The standard's placeholders; the working directory only where a path begins. */
static void expand(const struct preparation *preparation, const char *text, char *into, size_t size) {
  static const char home[] = "$DRMAA2_HOME_DIR$", directory[] = "$DRMAA2_WORKING_DIR$", index[] = "$DRMAA2_INDEX$";
  size_t length = 0;
  into[0] = '\0';
  while (*text != '\0' && length + 1 < size) {
    const char *value = NULL;
    char number[24];
    if (strncmp(text, home, sizeof home - 1) == 0) {
      value = getenv("HOME");
      text += sizeof home - 1;
    } else if (strncmp(text, directory, sizeof directory - 1) == 0) {
      value = preparation->directory;
      text += sizeof directory - 1;
    } else if (strncmp(text, index, sizeof index - 1) == 0) {
      snprintf(number, sizeof number, "%lld", (long long)preparation->job->index);
      value = number;
      text += sizeof index - 1;
    } else {
      into[length++] = *text++;
      into[length] = '\0';
      continue;
    }
    length += (size_t)snprintf(into + length, size - length, "%s", value == NULL ? "" : value);
  }
}

static void open_as(const struct preparation *preparation, int target, const char *asked, int flags) {
  char path[PATH_MAX];
  expand(preparation, asked == NULL ? "/dev/null" : asked, path, sizeof path);
  int file = open(path, flags | O_CLOEXEC, 0666);
  if (file < 0) fail(preparation, path);
  dup2(file, target);
}

static void limit(const struct preparation *preparation, const char *name, const char *value) {
  static const struct {
    const char *name;
    int resource;
    rlim_t unit;
  } limits[] = {
      {"CORE_FILE_SIZE", RLIMIT_CORE, 1024},   {"CPU_TIME", RLIMIT_CPU, 1},        {"DATA_SIZE", RLIMIT_DATA, 1024},
      {"FILE_SIZE", RLIMIT_FSIZE, 1024},       {"OPEN_FILES", RLIMIT_NOFILE, 1},   {"STACK_SIZE", RLIMIT_STACK, 1024},
      {"VIRTUAL_MEMORY", RLIMIT_AS, 1024},
  };
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    if (strcmp(limits[i].name, name) != 0) continue;
    rlim_t most = (rlim_t)strtoull(value, NULL, 10) * limits[i].unit;
    struct rlimit both = {.rlim_cur = most, .rlim_max = most};
    if (setrlimit(limits[i].resource, &both) != 0) fail(preparation, name);
  }
}

static void own_environment(const struct job_record *job) {
  char number[24];
  unsetenv("DRMAA2_TEST_ROOT");
  setenv("DRMAA2_JOB_ID", job->id, 1);
  if (!job->is_task) return;
  snprintf(number, sizeof number, "%lld", (long long)job->index);
  setenv("DRMAA2_INDEX", number, 1);
}

/* In the child: all that can fail says so through the pipe. */
static void become(struct preparation *preparation, struct description *description) {
  char command[PATH_MAX] = "", **arguments = calloc(description->length + 2, sizeof *arguments);
  const char *key, *value, *wanted = description_get(description, "workingDirectory");
  const char *output = description_get(description, "outputPath"), *error = description_get(description, "errorPath");
  const char *join = description_get(description, "joinFiles");
  int count = 1;
  copy_text(preparation->directory, sizeof preparation->directory, getenv("HOME"));
  expand(preparation, wanted == NULL ? preparation->directory : wanted, command, sizeof command);
  if (wanted != NULL && chdir(command) != 0) fail(preparation, command);
  if (getcwd(preparation->directory, sizeof preparation->directory) == NULL) fail(preparation, "getcwd");
  open_as(preparation, 0, description_get(description, "inputPath"), O_RDONLY);
  open_as(preparation, 1, output, O_WRONLY | O_CREAT | O_APPEND);
  if (join != NULL) dup2(1, 2);
  else open_as(preparation, 2, error, O_WRONLY | O_CREAT | O_APPEND);
  own_environment(preparation->job);
  for (description->position = 0; description_next(description, &key, &value);) {
    if (strcmp(key, "remoteCommand") == 0) expand(preparation, value, command, sizeof command);
    else if (strcmp(key, "argument") == 0) arguments[count++] = (char *)value;
    else if (strncmp(key, "environment.", 12) == 0) setenv(key + 12, value, 1);
    else if (strncmp(key, "limit.", 6) == 0) limit(preparation, key + 6, value);
  }
  arguments[0] = command;
  execvp(command, arguments);
  fail(preparation, command);
}

pid_t job_process(struct description *description, const struct job_record *job, char *problem, size_t size) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    copy_text(problem, size, strerror(errno));
    return -1;
  }
  pid_t child = fork();
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would know what becomes of it */
    struct preparation preparation = {.job = job, .report = report[1]};
    become(&preparation, description);
  }
  close(report[1]);
  setpgid(child, child);
  ssize_t length = child < 0 ? 0 : read(report[0], problem, size - 1);
  close(report[0]);
  if (child > 0 && length <= 0) return child;
  problem[length < 0 ? 0 : length] = '\0';
  if (child < 0) copy_text(problem, size, "there can be no more processes");
  return -1;
}
