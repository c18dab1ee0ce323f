/*
 * Hosts that are none: loaded before the C library (LD_PRELOAD), this gives a process the name and the
 * address that GRIDENGINE_HOST says, and lets it know the others. The host g7 has the address 127.0.16.7,
 * localhost 127.0.0.1, for every cluster of this machine: they differ in their ports. Who listens on all
 * addresses listens on that one alone, and what connects is seen to come from there.
 *
 * A shepherd takes variables of the loader from what it starts; here it does not take this one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NET 0x7f001000u
#define HOSTS_MAX 254

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* In host byte order; 0 if it is none of ours. */
static in_addr_t address_of(const char *name) {
  unsigned number;
  char rest;
  if (name == NULL) return 0;
  if (strcmp(name, "localhost") == 0) return INADDR_LOOPBACK;
  if (sscanf(name, "g%u%c", &number, &rest) != 1) return 0;
  return number >= 1 && number <= HOSTS_MAX ? NET + number : 0;
}

static int name_of(in_addr_t address, char *name, size_t size) {
  if (address == INADDR_LOOPBACK) return snprintf(name, size, "localhost");
  if (address <= NET || address > NET + HOSTS_MAX) return 0;
  return snprintf(name, size, "g%u", address - NET);
}

static in_addr_t own_address(void) { return address_of(getenv("GRIDENGINE_HOST")); }

/* What a struct hostent points to, in one piece. */
struct answer {
  char *aliases[1];
  char *addresses[2];
  struct in_addr address;
  char name[32];
};

static int answer(in_addr_t address, struct hostent *entry, char *buffer, size_t size) {
  size_t gap = -(size_t)buffer % _Alignof(struct answer);
  if (size < gap + sizeof(struct answer)) return ERANGE;
  struct answer *it = (struct answer *)(buffer + gap);
  memset(it, 0, sizeof *it);
  it->address.s_addr = htonl(address);
  it->addresses[0] = (char *)&it->address;
  name_of(address, it->name, sizeof it->name);
  *entry = (struct hostent){it->name, it->aliases, AF_INET, sizeof it->address, it->addresses};
  return 0;
}

int gethostname(char *name, size_t size) {
  const char *own = getenv("GRIDENGINE_HOST");
  if (own == NULL) return REAL(gethostname)(name, size);
  snprintf(name, size, "%s", own);
  return 0;
}

int gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
                    struct hostent **result, int *error) {
  in_addr_t address = address_of(name);
  if (address == 0) return REAL(gethostbyname_r)(name, entry, buffer, size, result, error);
  int failed = answer(address, entry, buffer, size);
  *result = failed ? NULL : entry;
  *error = failed ? NETDB_INTERNAL : 0;
  return failed;
}

struct hostent *gethostbyname(const char *name) {
  static struct hostent entry;
  static char buffer[128];
  in_addr_t address = address_of(name);
  if (address == 0) return REAL(gethostbyname)(name);
  return answer(address, &entry, buffer, sizeof buffer) == 0 ? &entry : NULL;
}

int gethostbyaddr_r(const void *at, socklen_t length, int family, struct hostent *entry, char *buffer,
                    size_t size, struct hostent **result, int *error) {
  char name[32];
  in_addr_t address = family == AF_INET ? ntohl(((const struct in_addr *)at)->s_addr) : 0;
  if (!name_of(address, name, sizeof name))
    return REAL(gethostbyaddr_r)(at, length, family, entry, buffer, size, result, error);
  int failed = answer(address, entry, buffer, size);
  *result = failed ? NULL : entry;
  *error = failed ? NETDB_INTERNAL : 0;
  return failed;
}

int bind(int socket, const struct sockaddr *at, socklen_t length) {
  struct sockaddr_in own;
  if (at == NULL || at->sa_family != AF_INET || length < sizeof own || own_address() == 0)
    return REAL(bind)(socket, at, length);
  memcpy(&own, at, sizeof own);
  if (own.sin_addr.s_addr == htonl(INADDR_ANY)) own.sin_addr.s_addr = htonl(own_address());
  return REAL(bind)(socket, (struct sockaddr *)&own, sizeof own);
}

static int is_loopback(const struct sockaddr *at) {
  if (at == NULL || at->sa_family != AF_INET) return 0;
  return ntohl(((const struct sockaddr_in *)at)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

int connect(int socket, const struct sockaddr *at, socklen_t length) {
  struct sockaddr_in own = {.sin_family = AF_INET};
  struct sockaddr_in bound;
  socklen_t size = sizeof bound;
  if (is_loopback(at) && own_address() != 0 &&
      getsockname(socket, (struct sockaddr *)&bound, &size) == 0 && bound.sin_port == 0) {
    own.sin_addr.s_addr = htonl(own_address());
    /* Where it cannot come from here it comes from where it would. */
    (void)REAL(bind)(socket, (struct sockaddr *)&own, sizeof own);
  }
  return REAL(connect)(socket, at, length);
}

static char preloaded[4096];

__attribute__((constructor)) static void remember(void) {
  const char *value = getenv("LD_PRELOAD");
  if (value != NULL && strncmp(program_invocation_short_name, "sge_shepherd", 12) == 0)
    snprintf(preloaded, sizeof preloaded, "LD_PRELOAD=%s", value);
}

int execve(const char *path, char *const arguments[], char *const environment[]) {
  size_t count = 0;
  if (preloaded[0] == 0 || environment == NULL) return REAL(execve)(path, arguments, environment);
  while (environment[count] != NULL) count++;
  char *all[count + 2];
  memcpy(all, environment, count * sizeof *all);
  all[count] = preloaded;
  all[count + 1] = NULL;
  return REAL(execve)(path, arguments, all);
}
