// SPDX-License-Identifier: MIT
/*
 * camera-shim: a motion-JPEG camera behind a path without a kernel driver, to feed a V4L2 program frames.
 *
 *   cc -O2 -shared -fPIC -o camera-shim.so camera-shim.c -ldl -lpthread
 *   FEED_FILE=frame.jpg FEED_FPS=30 LD_PRELOAD=./camera-shim.so ustreamer --device /dev/video0 --format MJPEG ...
 *
 * FEED_FILE has a COM segment "TS=... SEQ=..." after SOI, as the bench's frames do; each frame gets its own number, and
 * the time at which it was due. The device is a timer of the kernel's: it wakes whoever polls it as a driver's interrupt
 * does, and no thread runs in the program under test.
 *   FEED_DEVICE   the path, /dev/video0 by default
 *   FEED_SIZE     the size that it says it has, 640x480 by default
 *   FEED_COPY     1: each frame is copied into its buffer, and the program is charged for that
 *   FEED_PICTURES  FEED_FILE has so many frames of one length, which come in turn: frame n is picture n modulo that
 *   FEED_FAST     so many frames come first at 2500 a second, so that a server can run in
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include "stamp.h"

enum { BUFFERS = 8, BUFFER_SIZE = 4 << 20, FAST_FPS = 2500 };
static const int64_t SECOND_NS = 1000000000;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // programs give buffers back from other threads
static unsigned char *memory[BUFFERS];
static int queued[BUFFERS]; // buffers that the driver fills, first in first out
static unsigned first_queued, queue_length;
static int device = -1; // a timer, which is ready when a frame is due
static int copies;
static picture frame; // the first; the others lie behind it
static unsigned pictures = 1;
static double fps = 30;
static unsigned width = 640, height = 480;

/* Frame n since `began`, which is the clock's time in ns, is due n steps later. */
static int64_t began, step_ns;
static uint64_t tick;
static unsigned sequence, fast;

static int64_t time_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static struct timespec as_timespec(int64_t ns) { return (struct timespec){ns / SECOND_NS, ns % SECOND_NS}; }

/* From the frame after `tick` on, the timer is ready when one is due: at once, if it was due before. */
static int wait_for_next(void) {
    struct itimerspec when = {.it_interval = as_timespec(step_ns), .it_value = as_timespec(began + (int64_t)(tick + 1) * step_ns)};
    return timerfd_settime(device, TFD_TIMER_ABSTIME, &when, NULL);
}

static int begin_at(double rate) {
    began = time_of(CLOCK_MONOTONIC);
    step_ns = (int64_t)(1e9 / rate);
    tick = 0;
    return wait_for_next();
}

static int open_device(void) {
    frame = read_picture(getenv("FEED_FILE"));
    pictures = (unsigned)atoi(setting("FEED_PICTURES", "1"));
    frame.length /= pictures;
    fps = atof(setting("FEED_FPS", "30"));
    copies = atoi(setting("FEED_COPY", "0"));
    sscanf(setting("FEED_SIZE", "640x480"), "%ux%u", &width, &height);
    fast = (unsigned)atoi(setting("FEED_FAST", "0"));
    return device = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

/* ---- what the program asks of the camera */

static int describe(struct v4l2_capability *answer) {
    memset(answer, 0, sizeof *answer);
    strcpy((char *)answer->driver, "feed");
    strcpy((char *)answer->card, "feed camera");
    strcpy((char *)answer->bus_info, "feed");
    answer->version = 0x50000;
    answer->capabilities = answer->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    return 0;
}

static int describe_input(struct v4l2_input *input) {
    if (input->index) return EINVAL;
    memset(input, 0, sizeof *input);
    strcpy((char *)input->name, "feed");
    input->type = V4L2_INPUT_TYPE_CAMERA;
    return 0;
}

static int describe_format(struct v4l2_fmtdesc *format) {
    if (format->index) return EINVAL;
    format->pixelformat = V4L2_PIX_FMT_MJPEG;
    format->flags = V4L2_FMT_FLAG_COMPRESSED;
    strcpy((char *)format->description, "Motion-JPEG");
    return 0;
}

static int describe_size(struct v4l2_frmsizeenum *size) {
    if (size->index) return EINVAL;
    size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    size->discrete = (struct v4l2_frmsize_discrete){width, height};
    return 0;
}

static int describe_interval(struct v4l2_frmivalenum *interval) {
    if (interval->index) return EINVAL;
    interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    interval->discrete = (struct v4l2_fract){1, (unsigned)fps};
    return 0;
}

static int negotiate_format(struct v4l2_format *format) {
    struct v4l2_pix_format *pixels = &format->fmt.pix;
    pixels->width = width;
    pixels->height = height;
    pixels->pixelformat = V4L2_PIX_FMT_MJPEG;
    pixels->field = V4L2_FIELD_NONE;
    pixels->bytesperline = 0;
    pixels->sizeimage = BUFFER_SIZE;
    return 0;
}

static int tell_rate(struct v4l2_streamparm *parameters) {
    parameters->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
    parameters->parm.capture.timeperframe = (struct v4l2_fract){1, (unsigned)fps};
    return 0;
}

static int request_buffers(struct v4l2_requestbuffers *request) {
    if (request->memory != V4L2_MEMORY_MMAP) return EINVAL;
    if (request->count > BUFFERS) request->count = BUFFERS;
    first_queued = queue_length = 0;
    return 0;
}

static int query_buffer(struct v4l2_buffer *buffer) {
    buffer->length = BUFFER_SIZE;
    buffer->m.offset = buffer->index * BUFFER_SIZE;
    buffer->flags = 0;
    return 0;
}

static int queue_buffer(const struct v4l2_buffer *buffer) {
    pthread_mutex_lock(&lock);
    queued[(first_queued + queue_length++) % BUFFERS] = (int)buffer->index;
    pthread_mutex_unlock(&lock);
    return 0;
}

/* The number of a buffer that the driver has; -1 if it has none, and the frame is lost. */
static int filled_buffer(uint64_t due) {
    pthread_mutex_lock(&lock);
    // It fills what it has with the newest frames; for the others there was no room.
    const uint64_t kept = due < queue_length ? due : queue_length;
    tick += due - kept + (kept > 0);
    sequence += (unsigned)(due - kept) + (kept > 0);
    int buffer = -1;
    if (kept) {
        buffer = queued[first_queued++ % BUFFERS];
        queue_length--;
    }
    pthread_mutex_unlock(&lock);
    if (kept > 1) wait_for_next();
    return buffer;
}

static int dequeue_buffer(struct v4l2_buffer *buffer) {
    uint64_t due;
    if (read(device, &due, sizeof due) != sizeof due) return EAGAIN;
    const int filled = filled_buffer(due);
    if (filled < 0) return EAGAIN;
    const int64_t at = began + (int64_t)tick * step_ns;
    const unsigned char *shown = frame.bytes + sequence % pictures * frame.length;
    if (copies || pictures > 1) memcpy(memory[filled], shown, frame.length);
    stamp_at(memory[filled], sequence, time_of(CLOCK_REALTIME) - (time_of(CLOCK_MONOTONIC) - at));
    if (fast && sequence >= fast) {
        fast = 0;
        begin_at(fps);
    }
    buffer->index = (unsigned)filled;
    query_buffer(buffer);
    buffer->timestamp = (struct timeval){at / SECOND_NS, at % SECOND_NS / 1000};
    buffer->sequence = sequence;
    buffer->bytesused = (unsigned)frame.length;
    buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    return 0;
}

static int start_streaming(void) { return begin_at(fast ? FAST_FPS : fps); }

static int stop_streaming(void) {
    const struct itimerspec never = {0};
    first_queued = queue_length = 0;
    return timerfd_settime(device, 0, &never, NULL);
}

static int answer(unsigned long request, void *argument) {
    switch (request & 0xffffffff) {
        case VIDIOC_QUERYCAP: return describe(argument);
        case VIDIOC_ENUMINPUT: return describe_input(argument);
        case VIDIOC_G_INPUT: *(int *)argument = 0; return 0;
        case VIDIOC_S_INPUT: return 0;
        case VIDIOC_ENUM_FMT: return describe_format(argument);
        case VIDIOC_ENUM_FRAMESIZES: return describe_size(argument);
        case VIDIOC_ENUM_FRAMEINTERVALS: return describe_interval(argument);
        case VIDIOC_S_FMT:
        case VIDIOC_G_FMT:
        case VIDIOC_TRY_FMT: return negotiate_format(argument);
        case VIDIOC_G_PARM:
        case VIDIOC_S_PARM: return tell_rate(argument);
        case VIDIOC_REQBUFS: return request_buffers(argument);
        case VIDIOC_QUERYBUF: return query_buffer(argument);
        case VIDIOC_QBUF: return queue_buffer(argument);
        case VIDIOC_DQBUF: return dequeue_buffer(argument);
        case VIDIOC_STREAMON: return start_streaming();
        case VIDIOC_STREAMOFF: return stop_streaming();
        default: return EINVAL;
    }
}

/* ---- the calls that are taken over; whatever is not the camera goes to the C library */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_camera(const char *path) { return path && !strcmp(path, setting("FEED_DEVICE", "/dev/video0")); }

int open(const char *path, int flags, ...) {
    if (is_camera(path)) return open_device();
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open(path, flags, mode);
}

int __open_2(const char *path, int flags) { return open(path, flags, 0); }

int access(const char *path, int mode) { return is_camera(path) ? 0 : REAL(access)(path, mode); }

int stat(const char *restrict path, struct stat *restrict status) {
    if (!is_camera(path)) return REAL(stat)(path, status);
    memset(status, 0, sizeof *status);
    status->st_mode = S_IFCHR | 0666;
    return 0;
}

char *realpath(const char *restrict path, char *restrict resolved) {
    if (!is_camera(path)) return REAL(realpath)(path, resolved);
    return resolved ? strcpy(resolved, path) : strdup(path);
}

char *__realpath_chk(const char *path, char *resolved, size_t size) {
    (void)size;
    return realpath(path, resolved);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    if (fd < 0 || fd != device) return REAL(mmap)(address, length, protection, flags, fd, offset);
    unsigned char *buffer = REAL(mmap)(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED) return buffer;
    memcpy(buffer, frame.bytes, frame.length);
    return memory[offset / BUFFER_SIZE] = buffer;
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    return mmap(address, length, protection, flags, fd, offset);
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (fd < 0 || fd != device) return REAL(ioctl)(fd, request, argument);
    errno = answer(request, argument);
    return errno ? -1 : 0;
}
