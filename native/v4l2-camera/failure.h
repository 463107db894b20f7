#ifndef FAILURE_H
#define FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Why something failed: which call, its errno, and a sentence for logs. */
struct failure {
  const char *call;
  int number;
  char message[200];
};

/** Sets `failure`, with a text like printf's, and returns false, so that callers can return it. */
bool fail(struct failure *failure, const char *call, int number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** The name of an errno, such as "ENODEV"; "E?" for one that V4L2 does not use. */
const char *errno_name(int number);

/** Whether the device of this failure is no longer there. */
bool is_gone(const struct failure *failure);

/** ioctl() that is repeated after signals. `name` is kept in `failure`. */
bool named_ioctl(int fd, unsigned long request, const char *name, void *argument, struct failure *failure);

#define IOCTL(fd, request, argument, failure) named_ioctl(fd, request, #request, argument, failure)

/** CLOCK_MONOTONIC in nanoseconds. */
int64_t monotonic_ns(void);

#endif
