#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "failure.h"

bool named_ioctl(int fd, unsigned long request, const char *name, void *argument, struct failure *failure) {
  int result;
  do {
    result = ioctl(fd, request, argument);
  } while (result == -1 && errno == EINTR);
  if (result != -1) return true;
  const int number = errno;
  return fail(failure, name, number, "%s", strerror(number));
}
