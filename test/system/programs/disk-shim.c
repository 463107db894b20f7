/*
 * disk-shim: a disk that stalls, or fails one call, for the files under one folder.
 *
 *   cc -O2 -shared -fPIC -o disk-shim.so disk-shim.c
 *   DISK_FOLDER=/tmp/x/ DISK_STALL=/tmp/stalled LD_PRELOAD=./disk-shim.so node ...
 *
 * DISK_STALL     while this file exists, every write and sync waits
 * DISK_FAIL_AT   the n-th of them, counted from 1, fails ...
 * DISK_ERRNO     ... with this errno
 * DISK_ERROR     while this file exists, every one fails with the errno that stands in it; an empty file is still being written
 * DISK_BAD       "FROM TO": bytes of its .mkv files that cannot be read (EIO)
 * DISK_FAT       as FAT and exFAT have it: no hard links (the errno in it), no modes, no sync of folders (EINVAL), no names with
 *                <>:"|?*, names of another case are the same
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int calls;

/* Whether the call shall fail; waits first, while the disk stalls. */
static int fails(int fd) {
    char name[64], path[4096];
    const char *folder = getenv("DISK_FOLDER");
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = folder ? readlink(name, path, sizeof path - 1) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder))) return 0;
    const char *stall = getenv("DISK_STALL"), *fail_at = getenv("DISK_FAIL_AT");
    const char *error = getenv("DISK_ERROR");
    while (stall && access(stall, F_OK) == 0) usleep(5000);
    FILE *failing = error ? fopen(error, "r") : 0;
    if (failing) {
        int number, is_read = fscanf(failing, "%d", &number);
        fclose(failing);
        if (is_read == 1) return errno = number, 1;
    }
    if (!fail_at || atomic_fetch_add(&calls, 1) + 1 != atoi(fail_at)) return 0;
    errno = atoi(getenv("DISK_ERRNO"));
    return 1;
}

static int is_fat(const char *path) {
    const char *folder = getenv("DISK_FOLDER");
    return getenv("DISK_FAT") && folder && path && !strncmp(path, folder, strlen(folder));
}

static int is_fat_folder(int fd) {
    char name[64], path[4096];
    struct stat found;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 2);
    if (length < 0 || fstat(fd, &found) || !S_ISDIR(found.st_mode)) return 0;
    path[length] = '/';
    path[length + 1] = 0;
    return is_fat(path);
}

/* The path by the name that is on the disk, whatever its case; NULL with EINVAL for one that FAT does not take. */
static const char *on_fat(const char *path, char *other) {
    if (!is_fat(path)) return path;
    const char *name = strrchr(path, '/') + 1;
    if (strpbrk(name, "<>:\"|?*")) return errno = EINVAL, NULL;
    snprintf(other, 4096, "%.*s", (int)(name - path), path);
    DIR *folder = opendir(other);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        if (!strcasecmp(entry->d_name, name)) {
            strncat(other, entry->d_name, 4095 - strlen(other));
            closedir(folder);
            return other;
        }
    if (folder) closedir(folder);
    return path;
}

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)
#define WRAP(type, name, parameters, ...) \
    type name parameters { \
        return fails(fd) ? -1 : REAL(name, __VA_ARGS__); \
    }

WRAP(ssize_t, write, (int fd, const void *from, size_t count), fd, from, count)
WRAP(ssize_t, pwrite, (int fd, const void *from, size_t count, off_t at), fd, from, count, at)
WRAP(ssize_t, pwrite64, (int fd, const void *from, size_t count, off64_t at), fd, from, count, at)
WRAP(ssize_t, writev, (int fd, const struct iovec *from, int count), fd, from, count)
WRAP(ssize_t, pwritev, (int fd, const struct iovec *from, int count, off_t at), fd, from, count, at)
WRAP(ssize_t, pwritev64, (int fd, const struct iovec *from, int count, off64_t at), fd, from, count, at)

int fsync(int fd) {
    if (is_fat_folder(fd)) return errno = EINVAL, -1;
    return fails(fd) ? -1 : REAL(fsync, fd);
}

WRAP(int, fdatasync, (int fd), fd)
WRAP(int, ftruncate, (int fd, off_t length), fd, length)
WRAP(int, ftruncate64, (int fd, off64_t length), fd, length)

/* What a disk of FAT does otherwise. */
static int no_links(void) {
    errno = atoi(getenv("DISK_FAT"));
    return -1;
}

int link(const char *from, const char *to) {
    return is_fat(to) ? no_links() : REAL(link, from, to);
}

int chmod(const char *path, mode_t mode) {
    return is_fat(path) ? 0 : REAL(chmod, path, mode);
}

#define OPENED(name)                                                              \
    int name(const char *path, int flags, ...) {                                  \
        char other[4096];                                                         \
        va_list list;                                                             \
        va_start(list, flags);                                                    \
        mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;                 \
        va_end(list);                                                             \
        const char *found = on_fat(path, other);                                  \
        return found ? REAL(name, found, flags, mode) : -1;                       \
    }
OPENED(open)
OPENED(open64)

/* How many of the bytes from `at` on can be read: all, those before the bad ones, or none. */
static size_t readable(int fd, size_t count, off_t at) {
    char name[64], path[4096];
    const char *folder = getenv("DISK_FOLDER"), *bad = getenv("DISK_BAD");
    long from, to;
    if (!folder || !bad || sscanf(bad, "%ld %ld", &from, &to) != 2) return count;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 4) return count;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)) || strcmp(path + length - 4, ".mkv")) return count;
    if (at >= to || at + (off_t)count <= from) return count;
    return at < from ? (size_t)(from - at) : 0;
}

#define READS(name, type) \
    ssize_t name(int fd, void *into, size_t count, type at) { \
        size_t most = readable(fd, count, at); \
        if (count && !most) { \
            errno = EIO; \
            return -1; \
        } \
        return REAL(name, fd, into, most, at); \
    }

READS(pread, off_t)
READS(pread64, off64_t)
