// SPDX-License-Identifier: MIT
/*
 * limit: what a server of MJPEG can at best do on this machine. One thread, one copy of each frame, send() from it.
 *
 *   cc -O2 -o limit limit.c && ./limit PORT FRAME.jpg FPS [NOTSENT]
 *
 * FPS 0 makes a new frame whenever a viewer has taken the last. A viewer that is behind is sent the newest frame once it
 * has taken the one it is at. NOTSENT sets TCP_NOTSENT_LOWAT. It reads no request and speaks just enough HTTP.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "stamp.h"

enum { MAX_EVENTS = 256 };

typedef struct {
    int references;
    unsigned sequence;
    size_t length;
    unsigned char bytes[]; // headers, JPEG, line end
} part;

typedef struct viewer {
    int fd;
    part *current; // what it is being sent; NULL when it has all
    size_t sent;
    unsigned last;
    struct viewer *next, **link;
} viewer;

static picture source;
static part *newest;
static unsigned sequence;
static viewer *viewers;
static int events, listener, timer, not_sent;

static void release(part *p) {
    if (p && --p->references == 0) free(p);
}

static part *new_part(void) {
    char headers[128];
    int length = snprintf(headers, sizeof headers,
                          "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n", source.length);
    stamp(source.bytes, ++sequence);
    part *p = malloc(sizeof *p + (size_t)length + source.length + 2);
    *p = (part){.references = 1, .sequence = sequence, .length = (size_t)length + source.length + 2};
    memcpy(p->bytes, headers, (size_t)length);
    memcpy(p->bytes + length, source.bytes, source.length);
    memcpy(p->bytes + length + source.length, "\r\n", 2);
    return p;
}

static void drop(viewer *v) {
    close(v->fd);
    release(v->current);
    *v->link = v->next;
    if (v->next) v->next->link = v->link;
    free(v);
}

/* Sends what the viewer has not had and its socket takes; false when the viewer has gone. */
static bool push(viewer *v) {
    for (;;) {
        if (!v->current) {
            if (!newest || newest->sequence == v->last) return true;
            v->current = newest;
            v->current->references++;
            v->sent = 0;
            v->last = newest->sequence;
        }
        while (v->sent < v->current->length) {
            ssize_t n = send(v->fd, v->current->bytes + v->sent, v->current->length - v->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return errno == EAGAIN || errno == ENOBUFS;
            v->sent += (size_t)n;
        }
        release(v->current);
        v->current = NULL;
    }
}

static void publish(void) {
    release(newest);
    newest = new_part();
    for (viewer *v = viewers, *next; v; v = next) {
        next = v->next;
        if (!v->current && !push(v)) drop(v);
    }
}

static bool someone_has_all(void) {
    for (viewer *v = viewers; v; v = v->next) {
        if (!v->current) return true;
    }
    return false;
}

static void add_viewer(int fd) {
    static const char response[] = "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n";
    char request[1024];
    int one = 1;
    struct timeval patience = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (recv(fd, request, sizeof request, 0) <= 0 || send(fd, response, sizeof response - 1, MSG_NOSIGNAL) < 0) {
        close(fd);
        return;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (not_sent) setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, sizeof not_sent);
    viewer *v = calloc(1, sizeof *v);
    *v = (viewer){.fd = fd, .next = viewers, .link = &viewers};
    if (v->next) v->next->link = &v->next;
    viewers = v;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = v};
    epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
}

static void handle(const struct epoll_event *event) {
    if (event->data.ptr == &listener) {
        for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) add_viewer(fd);
    } else if (event->data.ptr == &timer) {
        uint64_t turns;
        if (read(timer, &turns, sizeof turns) == sizeof turns) publish();
    } else {
        viewer *v = event->data.ptr;
        bool gone = event->events & (EPOLLRDHUP | EPOLLHUP);
        if (gone || ((event->events & EPOLLOUT) && !push(v))) drop(v);
    }
}

static void watch(int fd, void *what) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
}

static int listen_on(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 1024)) {
        perror("limit: listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: limit PORT FRAME.jpg FPS [NOTSENT]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    source = read_picture(argv[2]);
    double fps = atof(argv[3]);
    not_sent = argc > 4 ? atoi(argv[4]) : 0;
    events = epoll_create1(EPOLL_CLOEXEC);
    listener = listen_on((uint16_t)atoi(argv[1]));
    watch(listener, &listener);
    if (fps > 0) {
        long step = (long)(1e9 / fps);
        struct timespec each = {step / 1000000000, step % 1000000000};
        timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        timerfd_settime(timer, 0, &(struct itimerspec){each, each}, NULL);
        watch(timer, &timer);
    }
    struct epoll_event ready[MAX_EVENTS];
    for (;;) {
        bool saturate = fps <= 0 && someone_has_all();
        if (saturate) publish();
        int count = epoll_wait(events, ready, MAX_EVENTS, fps <= 0 && someone_has_all() ? 0 : -1);
        for (int i = 0; i < count; i++) handle(&ready[i]);
    }
}
