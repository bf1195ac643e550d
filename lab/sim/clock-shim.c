/*
 * Loaded before a redis-server (LD_PRELOAD), it lets that process's time run CACHELAB_CLOCK_FACTOR times as fast, so that an LRU
 * clock of whole seconds is tested in seconds and not in hours. Clocks are read by raw system calls: the allocator asks for the
 * time too, and a library that looks up the next definition would call itself for ever.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long factor = 1;
static long long base_ns[16];

static long long real_ns(clockid_t id) {
  struct timespec now = {0, 0};
  syscall(SYS_clock_gettime, id, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Processor time is left alone: Redis reports it. */
static int scaled(clockid_t id) {
  return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC ||
         id == CLOCK_MONOTONIC_COARSE || id == CLOCK_MONOTONIC_RAW || id == CLOCK_BOOTTIME;
}

__attribute__((constructor)) static void start(void) {
  const char *text = getenv("CACHELAB_CLOCK_FACTOR");
  for (int id = 0; id < 16; id += 1)
    if (scaled(id)) base_ns[id] = real_ns(id);
  if (text != NULL && atoll(text) > 0) factor = atoll(text);
}

static long long fast_ns(clockid_t id) {
  return base_ns[id] + (real_ns(id) - base_ns[id]) * factor;
}

int clock_gettime(clockid_t id, struct timespec *now) {
  if (!scaled(id)) return syscall(SYS_clock_gettime, id, now);
  long long ns = fast_ns(id);
  now->tv_sec = ns / 1000000000LL;
  now->tv_nsec = ns % 1000000000LL;
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  long long ns = fast_ns(CLOCK_REALTIME);
  now->tv_sec = ns / 1000000000LL;
  now->tv_usec = ns % 1000000000LL / 1000;
  return 0;
}

time_t time(time_t *now) {
  time_t seconds = fast_ns(CLOCK_REALTIME) / 1000000000LL;
  if (now != NULL) *now = seconds;
  return seconds;
}

/* Timers too: the wait for the next one is that much shorter, at least a millisecond. */
int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms) {
  int wait_ms = timeout_ms > 0 ? (int)((timeout_ms + factor - 1) / factor) : timeout_ms;
  return syscall(SYS_epoll_pwait, epoll, events, most, wait_ms, NULL, 8);
}
