// Debian's libjpeg.a is compiled for glibc with _FORTIFY_SOURCE, and calls two functions that musl does not have.
#ifdef FOR_MUSL

#include <stdarg.h>
#include <stdio.h>

int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __snprintf_chk(char *text, size_t room, int flag, size_t size, const char *format, ...);

int __fprintf_chk(FILE *file, int flag, const char *format, ...) {
  (void)flag;
  va_list arguments;
  va_start(arguments, format);
  const int length = vfprintf(file, format, arguments);
  va_end(arguments);
  return length;
}

int __snprintf_chk(char *text, size_t room, int flag, size_t size, const char *format, ...) {
  (void)flag;
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text, room < size ? room : size, format, arguments);
  va_end(arguments);
  return length;
}

#else

typedef int nothing_to_add;

#endif
