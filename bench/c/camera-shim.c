// SPDX-License-Identifier: MIT
/*
 * camera-shim: a motion-JPEG camera behind /dev/video0 without a kernel driver, to feed a V4L2 program frames.
 *
 *   cc -O2 -shared -fPIC -o camera-shim.so camera-shim.c -ldl -lpthread
 *   FEED_FILE=frame.jpg FEED_FPS=30 LD_PRELOAD=./camera-shim.so ustreamer --device /dev/video0 --format MJPEG ...
 *
 * FEED_FILE has a COM segment "TS=... SEQ=..." after SOI, as the bench's frames do; each frame gets its own time and
 * number. The frame thread runs inside the program under test, so one memcpy a frame is charged to it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "stamp.h"

enum { BUFFERS = 8, BUFFER_SIZE = 4 << 20 };

/* Numbers of buffers, first in first out. */
typedef struct { int items[BUFFERS], first, count; } queue;

static void put(queue *q, int item) { q->items[(q->first + q->count++) % BUFFERS] = item; }

static int take(queue *q) {
    int item = q->items[q->first];
    q->first = (q->first + 1) % BUFFERS;
    q->count--;
    return item;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *memory[BUFFERS];
static struct timeval captured[BUFFERS];
static queue queued, done;
static int device = -1, wake = -1; // the two ends of a pipe: one byte for each finished frame
static volatile int streaming;
static picture frame;
static double fps = 30;
static unsigned sequence, width = 640, height = 480;

static void capture(void) {
    pthread_mutex_lock(&lock);
    sequence++;
    if (queued.count) {
        int buffer = take(&queued);
        memcpy(memory[buffer], frame.bytes, frame.length);
        stamp(memory[buffer], sequence);
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        captured[buffer] = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
        put(&done, buffer);
        if (write(wake, "", 1) != 1) abort();
    }
    pthread_mutex_unlock(&lock);
}

static void *capture_at_rate(void *unused) {
    (void)unused;
    pacer pace = start_pacer(fps);
    while (streaming) {
        wait_for_turn(&pace);
        capture();
    }
    return NULL;
}

static int open_device(void) {
    int ends[2];
    if (!frame.bytes) frame = read_picture(getenv("FEED_FILE"));
    if (getenv("FEED_FPS")) fps = atof(getenv("FEED_FPS"));
    if (pipe2(ends, O_NONBLOCK)) return -1;
    wake = ends[1];
    return device = ends[0];
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

static int negotiate_format(struct v4l2_format *format, int set) {
    struct v4l2_pix_format *pixels = &format->fmt.pix;
    if (set) {
        width = pixels->width;
        height = pixels->height;
    }
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
    for (unsigned i = 0; i < request->count; i++) {
        if (!memory[i]) memory[i] = malloc(BUFFER_SIZE);
    }
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
    put(&queued, (int)buffer->index);
    pthread_mutex_unlock(&lock);
    return 0;
}

static int dequeue_buffer(struct v4l2_buffer *buffer) {
    char byte;
    if (read(device, &byte, 1) != 1) return EAGAIN;
    pthread_mutex_lock(&lock);
    buffer->index = (unsigned)take(&done);
    buffer->timestamp = captured[buffer->index];
    buffer->sequence = sequence;
    pthread_mutex_unlock(&lock);
    query_buffer(buffer);
    buffer->bytesused = (unsigned)frame.length;
    buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    return 0;
}

static int start_streaming(void) {
    pthread_t thread;
    if (streaming) return 0;
    streaming = 1;
    return pthread_create(&thread, NULL, capture_at_rate, NULL);
}

static int answer(unsigned long request, void *argument) {
    switch (request & 0xffffffff) {
        case VIDIOC_QUERYCAP: return describe(argument);
        case VIDIOC_ENUMINPUT: return describe_input(argument);
        case VIDIOC_G_INPUT: *(int *)argument = 0; return 0;
        case VIDIOC_S_INPUT: return 0;
        case VIDIOC_ENUM_FMT: return describe_format(argument);
        case VIDIOC_S_FMT: return negotiate_format(argument, 1);
        case VIDIOC_G_FMT:
        case VIDIOC_TRY_FMT: return negotiate_format(argument, 0);
        case VIDIOC_G_PARM:
        case VIDIOC_S_PARM: return tell_rate(argument);
        case VIDIOC_REQBUFS: return request_buffers(argument);
        case VIDIOC_QUERYBUF: return query_buffer(argument);
        case VIDIOC_QBUF: return queue_buffer(argument);
        case VIDIOC_DQBUF: return dequeue_buffer(argument);
        case VIDIOC_STREAMON: return start_streaming();
        case VIDIOC_STREAMOFF: return 0;
        default: return EINVAL;
    }
}

/* ---- the calls that are taken over; whatever is not the camera goes to the C library */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_camera(const char *path) { return path && !strcmp(path, "/dev/video0"); }

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
    if (fd >= 0 && fd == device) return memory[offset / BUFFER_SIZE];
    return REAL(mmap)(address, length, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    return mmap(address, length, protection, flags, fd, offset);
}

int munmap(void *address, size_t length) {
    for (int i = 0; i < BUFFERS; i++) {
        if (memory[i] && address == memory[i]) return 0;
    }
    return REAL(munmap)(address, length);
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
