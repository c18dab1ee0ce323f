/* Notifications: a thread that reads the store's events and calls back. */
#include "errors.h"
#include "values.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t thread;
static bool running;
static drmaa2_callback callback;
static volatile bool ending;

static void deliver(const struct event_record *event, drmaa2_callback to) {
  drmaa2_notification notification = notification_new(event->what, event->job, event->session, event->state);
  to(&notification); /* and whoever takes it frees it */
}

static void *listen(void *begin) {
  struct store *all = store();
  uint64_t next = (uint64_t)(uintptr_t)begin;
  while (!ending) {
    uint32_t seen = __atomic_load_n(&all->changes, __ATOMIC_SEQ_CST);
    for (;;) {
      struct event_record event;
      store_lock();
      uint64_t written = all->events_written;
      if (written - next > MAX_EVENTS) next = written - MAX_EVENTS; /* too slow: the oldest are lost */
      if (next < written) memcpy(&event, &all->events[next % MAX_EVENTS], sizeof event);
      store_unlock();
      if (next >= written || ending) break;
      next++;
      deliver(&event, callback);
    }
    if (!ending) store_wait(seen, monotonic_ms() + 1000);
  }
  return NULL;
}

static void stop(void) {
  ending = true;
  store_lock();
  store_changed();
  store_unlock();
  pthread_join(thread, NULL);
  ending = running = false;
}

drmaa2_error drmaa2_register_event_notification(const drmaa2_callback function) {
  ENTER_ERROR();
  pthread_mutex_lock(&lock);
  if (running) stop();
  callback = function;
  if (function != NULL) {
    store_lock();
    uint64_t next = store()->events_written;
    store_unlock();
    running = pthread_create(&thread, NULL, listen, (void *)(uintptr_t)next) == 0;
    if (!running) refuse(DRMAA2_OUT_OF_RESOURCE, "there can be no more threads");
  }
  pthread_mutex_unlock(&lock);
  return drmaa2_lasterror();
}
