/*
 * disk-log: writes down all that a process asks of the disk under one folder, so that a power cut can be played.
 *
 *   cc -O2 -shared -fPIC -o disk-log.so disk-log.c
 *   DISK_FOLDER=/tmp/x/ DISK_LOG=/tmp/log LD_PRELOAD=./disk-log.so node ...
 *
 * DISK_SYNC_MS   how long a sync takes, ms. Nothing is synced in truth: the log says what would be on the disk.
 *
 * Programs that the process starts write into the same log, in the order in which the disk was asked: what ffmpeg writes is there until
 * somebody syncs it, like all else.
 *
 * The log is a row of records: a struct record, then the path, then the bytes written (or the path renamed to).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { CREATE = 1, WRITE, TRUNCATE, SYNC_BEGINS, SYNC_ENDS, RENAME, UNLINK, MKDIR, LINK };

struct record {
    uint32_t kind, path_bytes;
    uint64_t file; /* the inode's number */
    uint64_t at, bytes;
    int64_t time_us; /* since the epoch */
};

static pthread_mutex_t threads = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

static int the_log(void) {
    static int log = -1;
    if (log < 0) log = REAL(open, getenv("DISK_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return log;
}

/* One call at a time, of all threads and of all processes. */
static void lock(void) {
    pthread_mutex_lock(&threads);
    flock(the_log(), LOCK_EX);
}

static void unlock(void) {
    flock(the_log(), LOCK_UN);
    pthread_mutex_unlock(&threads);
}

static int is_watched(const char *path) {
    const char *folder = getenv("DISK_FOLDER");
    size_t length = folder ? strlen(folder) : 0;
    return length && (!strncmp(path, folder, length) || (!strncmp(path, folder, length - 1) && !path[length - 1]));
}

static int is_watched_fd(int fd, char path[PATH_MAX]) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_watched(path);
}

static void put(int log, const void *from, size_t count) {
    for (const char *next = from; count;) {
        ssize_t done = REAL(write, log, next, count);
        if (done <= 0) abort();
        next += done;
        count -= (size_t)done;
    }
}

static void note(enum kind kind, const char *path, uint64_t file, uint64_t at, const void *bytes, uint64_t count) {
    int log = the_log();
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct record record = {kind, (uint32_t)strlen(path), file, at, count, now.tv_sec * 1000000LL + now.tv_nsec / 1000};
    put(log, &record, sizeof record);
    put(log, path, record.path_bytes);
    if (bytes) put(log, bytes, count);
}

static uint64_t inode(int fd) {
    struct stat about;
    return fstat(fd, &about) ? 0 : about.st_ino;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (!is_watched(path) || !(flags & (O_CREAT | O_TRUNC))) return REAL(name, path, flags, mode); \
        lock(); \
        int was_there = !access(path, F_OK); \
        int fd = REAL(name, path, flags, mode); \
        if (fd >= 0 && !was_there) note(CREATE, path, inode(fd), 0, 0, 0); \
        if (fd >= 0 && was_there && flags & O_TRUNC) note(TRUNCATE, path, inode(fd), 0, 0, 0); \
        unlock(); \
        return fd; \
    }

OPEN(open)
OPEN(open64)

/* A call that writes `total` bytes from `parts`; it notes as many as were taken. */
#define WRITES(call, parts, count, position) \
    char path[PATH_MAX]; \
    if (!is_watched_fd(fd, path)) return call; \
    lock(); \
    uint64_t place = (uint64_t)(position); \
    ssize_t done = call; \
    uint64_t left = done > 0 ? (uint64_t)done : 0; \
    for (int n = 0; n < count && left; n++) { \
        uint64_t taken = parts[n].iov_len < left ? parts[n].iov_len : left; \
        if (taken) note(WRITE, path, inode(fd), place, parts[n].iov_base, taken); \
        place += taken; \
        left -= taken; \
    } \
    unlock(); \
    return done;

#define HERE lseek(fd, 0, SEEK_CUR)
#define ONE {{(void *)from, count}}

ssize_t write(int fd, const void *from, size_t count) {
    struct iovec one[] = ONE;
    WRITES(REAL(write, fd, from, count), one, 1, HERE)
}
ssize_t pwrite(int fd, const void *from, size_t count, off_t at) {
    struct iovec one[] = ONE;
    WRITES(REAL(pwrite, fd, from, count, at), one, 1, at)
}
ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at) {
    struct iovec one[] = ONE;
    WRITES(REAL(pwrite64, fd, from, count, at), one, 1, at)
}
ssize_t writev(int fd, const struct iovec *from, int count) {
    WRITES(REAL(writev, fd, from, count), from, count, HERE)
}
ssize_t pwritev(int fd, const struct iovec *from, int count, off_t at) {
    WRITES(REAL(pwritev, fd, from, count, at), from, count, at)
}
ssize_t pwritev64(int fd, const struct iovec *from, int count, off64_t at) {
    WRITES(REAL(pwritev64, fd, from, count, at), from, count, at)
}

#define TRUNCATES(name, type) \
    int name(int fd, type length) { \
        char path[PATH_MAX]; \
        if (!is_watched_fd(fd, path)) return REAL(name, fd, length); \
        lock(); \
        int failed = REAL(name, fd, length); \
        if (!failed) note(TRUNCATE, path, inode(fd), (uint64_t)length, 0, 0); \
        unlock(); \
        return failed; \
    }

TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

#define SYNCS(name) \
    int name(int fd) { \
        char path[PATH_MAX]; \
        if (!is_watched_fd(fd, path)) return REAL(name, fd); \
        lock(); \
        note(SYNC_BEGINS, path, inode(fd), 0, 0, 0); \
        unlock(); \
        const char *ms = getenv("DISK_SYNC_MS"); \
        if (ms) usleep(1000 * (useconds_t)atoi(ms)); \
        lock(); \
        note(SYNC_ENDS, path, inode(fd), 0, 0, 0); \
        unlock(); \
        return 0; \
    }

SYNCS(fsync)
SYNCS(fdatasync)

#define SECOND_NAMES(name, kind) \
    int name(const char *from, const char *to) { \
        if (!is_watched(from)) return REAL(name, from, to); \
        lock(); \
        int failed = REAL(name, from, to); \
        if (!failed) note(kind, from, 0, 0, to, strlen(to)); \
        unlock(); \
        return failed; \
    }

SECOND_NAMES(rename, RENAME)
SECOND_NAMES(link, LINK)

#define NAMES(name, kind, parameters, ...) \
    int name parameters { \
        if (!is_watched(path)) return REAL(name, __VA_ARGS__); \
        lock(); \
        int failed = REAL(name, __VA_ARGS__); \
        if (!failed) note(kind, path, 0, 0, 0, 0); \
        unlock(); \
        return failed; \
    }

NAMES(unlink, UNLINK, (const char *path), path)
NAMES(mkdir, MKDIR, (const char *path, mode_t mode), path, mode)
