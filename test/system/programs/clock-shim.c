/*
 * clock-shim: a wall clock that somebody sets.
 *
 *   cc -O2 -shared -fPIC -o clock-shim.so clock-shim.c
 *   CLOCK_OFFSET=/tmp/offset LD_PRELOAD=./clock-shim.so node ...
 *
 * CLOCK_OFFSET   a file of 8 bytes: what the wall clock is ahead, ms (int64). It is looked at with each reading.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const volatile int64_t *offset;

__attribute__((constructor)) static void map_offset(void) {
    const char *path = getenv("CLOCK_OFFSET");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *memory = mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED) offset = memory;
    close(fd);
}

static int64_t ahead_ms(void) { return offset ? *offset : 0; }

int clock_gettime(clockid_t clock, struct timespec *time) {
    static __typeof__(&clock_gettime) real;
    if (!real) real = REAL(clock_gettime);
    int failed = real(clock, time);
    int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (!failed && is_wall) time->tv_sec += ahead_ms() / 1000;
    return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    static __typeof__(&gettimeofday) real;
    if (!real) real = REAL(gettimeofday);
    int failed = real(time, zone);
    if (!failed) time->tv_sec += ahead_ms() / 1000;
    return failed;
}
