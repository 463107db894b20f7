#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

bool fail(struct failure *failure, const char *call, int number, const char *format, ...) {
  failure->call = call;
  failure->number = number;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(failure->message, sizeof failure->message, format, arguments);
  va_end(arguments);
  return false;
}

bool is_gone(const struct failure *failure) {
  return failure->number == ENODEV || failure->number == ENXIO || failure->number == ENOENT ||
         failure->number == ESHUTDOWN;
}

int64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const char *errno_name(int number) {
#define NAME(e) \
  case e:       \
    return #e
  switch (number) {
    NAME(E2BIG);
    NAME(EACCES);
    NAME(EAGAIN);
    NAME(EBADF);
    NAME(EBADR);
    NAME(EBUSY);
    NAME(ECANCELED);
    NAME(ECONNRESET);
    NAME(EDOM);
    NAME(EEXIST);
    NAME(EFAULT);
    NAME(EFBIG);
    NAME(EILSEQ);
    NAME(EINTR);
    NAME(EINVAL);
    NAME(EIO);
    NAME(EISDIR);
    NAME(EMFILE);
    NAME(EMSGSIZE);
    NAME(ENFILE);
    NAME(ENODATA);
    NAME(ENODEV);
    NAME(ENOENT);
    NAME(ENOLINK);
    NAME(ENOMEM);
    NAME(ENOSPC);
    NAME(ENOSR);
    NAME(ENOSYS);
    NAME(ENOTDIR);
    NAME(ENOTTY);
    NAME(ENXIO);
    NAME(EOPNOTSUPP);
    NAME(EOVERFLOW);
    NAME(EPERM);
    NAME(EPIPE);
    NAME(EPROTO);
    NAME(ERANGE);
    NAME(EREMOTEIO);
    NAME(EROFS);
    NAME(ESHUTDOWN);
    NAME(ETIME);
    NAME(ETIMEDOUT);
    NAME(EXDEV);
    default:
      return "E?";
  }
#undef NAME
}
