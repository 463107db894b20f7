// SPDX-License-Identifier: MIT
/*
 * mjpeg-load: a small, cheap load for MJPEG servers.
 *
 * It opens N connections to one multipart/x-mixed-replace URL from a single epoll thread and reports what every
 * viewer got: frames, bytes, the spread of frame rates, latency from capture to receipt, gaps; and what the server's
 * processes used meanwhile. It has to cost less than the server it loads: once a part's headers have announced its
 * length, the rest of the JPEG is thrown away inside the kernel (recv with MSG_TRUNC copies nothing).
 *
 * Latency: a frame is dated by a COM segment after SOI, "TS=<sec>.<usec> SEQ=<n>" on the system's clock, or else by an
 * X-Timestamp header. It ends when the last byte of the JPEG has been read. SEQ counts skipped, repeated and reordered
 * frames. Slow viewers are reported apart: whether they harm the others, and how old their frames are.
 *
 *   cc -O2 -o mjpeg-load mjpeg-load.c && ./mjpeg-load [options] http://127.0.0.1:8080/stream
 *     -n N    viewers (1)                   -d S    measured seconds (5)      -w S    seconds before that (1)
 *     -s K    slow ones among them (0)      -r R    kB/s that a slow one reads; 0: it never reads
 *     -B b    SO_RCVBUF of fast viewers     -b b    of slow viewers           -p PID[,PID...]  the server's processes
 *     -c      copy the JPEGs, as real viewers do    -v   with that, check SOI and EOI
 *     -1      HTTP/1.1 (default 1.0)        -T      no HTTP, raw multipart over TCP
 *     -x      prefer X-Timestamp            -A ms   pause between connections      -j   JSON instead of text
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "histogram.h"
#include "multipart.h"
#include "options.h"
#include "usage.h"

enum { READ_LIMIT = 1 << 20, PEEK = 2048, MAX_EVENTS = 256, READS_PER_TURN = 6 };

static histogram latency_fast, latency_slow, first_frame;
static bool measuring;
static int closed_early;
static uint8_t *buffer;

static int64_t now_us(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void die(const char *what) {
    perror(what);
    exit(2);
}

static void note_sequence(viewer *v, uint64_t sequence) {
    if (measuring && v->has_sequence) {
        if (sequence == v->sequence) v->repeated++;
        else if (sequence < v->sequence) v->reordered++;
        else v->skipped += sequence - v->sequence - 1;
    }
    v->sequence = sequence;
    v->has_sequence = true;
}

static void frame_done(viewer *v) {
    int64_t received = now_us(CLOCK_REALTIME), captured = 0;
    bool dated = false;
    if (!v->had_first) {
        v->had_first = true;
        histogram_add(&first_frame, now_us(CLOCK_MONOTONIC) - v->requested_us);
    }
    bool starts = v->head_length > 4 && v->head[0] == 0xFF && v->head[1] == 0xD8;
    if (starts && v->head_length > 6 && v->head[2] == 0xFF && v->head[3] == 0xFE) {
        char comment[HEAD_KEEP + 1] = {0};
        memcpy(comment, v->head + 6, (size_t)v->head_length - 6);
        const char *time = strstr(comment, "TS="), *sequence = strstr(comment, "SEQ=");
        if (time && !(options.prefer_header && v->has_header_time)) dated = parse_time(time + 3, &captured);
        if (sequence) note_sequence(v, strtoull(sequence + 4, NULL, 10));
    }
    if (!dated && v->has_header_time) {
        captured = v->header_time_us;
        dated = true;
    }
    bool ends = v->tail[0] == 0xFF && v->tail[1] == 0xD9;
    if (!starts || (options.verify && !ends)) v->bad++;
    if (!measuring) return;
    v->frames++;
    v->bytes += (uint64_t)v->part_length;
    if (dated) histogram_add(v->slow ? &latency_slow : &latency_fast, received - captured);
}

static void lose(viewer *v) {
    closed_early++;
    v->state = ENDED;
    close(v->fd);
    v->fd = -1;
}

/* Reads what is there, at most `budget` bytes (below 0: a fair share). Returns how many it read. */
static int64_t read_some(viewer *v, int64_t budget) {
    int64_t done = 0;
    for (int turn = 0; turn < READS_PER_TURN && v->fd >= 0; turn++) {
        size_t skip = options.copy ? 0 : discardable(v);
        size_t wanted = skip ? skip : options.copy && v->state == IN_BODY ? READ_LIMIT : PEEK;
        if (wanted > READ_LIMIT) wanted = READ_LIMIT;
        if (budget >= 0 && (int64_t)wanted > budget - done) wanted = (size_t)(budget - done);
        if (!wanted) break;
        ssize_t got = recv(v->fd, buffer, wanted, MSG_DONTWAIT | (skip ? MSG_TRUNC : 0));
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (got <= 0) {
            lose(v);
            break;
        }
        done += got;
        if (skip) discard(v, (size_t)got);
        else feed(v, buffer, (size_t)got);
        if (v->state == ENDED) lose(v);
        if ((size_t)got < wanted) break; // the socket is empty
    }
    return done;
}

static void open_viewer(viewer *v, const struct sockaddr_in *address) {
    int receive = v->slow ? options.receive_slow : options.receive_fast, one = 1;
    v->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (v->fd < 0) die("socket");
    if (receive) setsockopt(v->fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive); // before connect, to hold wholly
    setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(v->fd, (const struct sockaddr *)address, sizeof *address)) die("connect");
    v->requested_us = now_us(CLOCK_MONOTONIC);
    v->remaining = -1;
    v->state = options.raw ? IN_PART_HEADERS : IN_RESPONSE;
    if (!options.raw) {
        char request[2048];
        int length = snprintf(request, sizeof request,
                              "GET %s HTTP/1.%d\r\nHost: %s:%d\r\nUser-Agent: mjpeg-load\r\nAccept: */*\r\n\r\n",
                              options.path, options.http11, options.host, options.port);
        if (send(v->fd, request, (size_t)length, MSG_NOSIGNAL) != length) die("send");
    }
    fcntl(v->fd, F_SETFL, O_NONBLOCK);
}

static int open_all(viewer *viewers, const struct sockaddr_in *address) {
    int events = epoll_create1(0);
    for (int i = 0; i < options.viewers; i++) {
        viewer *v = &viewers[i];
        v->slow = i < options.slow;
        open_viewer(v, address);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = v};
        if (!v->slow && epoll_ctl(events, EPOLL_CTL_ADD, v->fd, &event)) die("epoll_ctl");
        if (options.ramp_ms) usleep((useconds_t)options.ramp_ms * 1000);
    }
    return events;
}

/* Lets each slow viewer read what its rate allows after `microseconds` more, with at most 0.2 s of credit. */
static void read_slowly(viewer *viewers, int64_t microseconds) {
    double more = (double)microseconds * options.slow_kbps * 1e-3, most = options.slow_kbps * 200;
    for (viewer *v = viewers; v < viewers + options.slow; v++) {
        v->allowance = v->allowance + more < most ? v->allowance + more : most;
        if (v->fd >= 0 && v->allowance >= 1) v->allowance -= (double)read_some(v, (int64_t)v->allowance);
    }
}

typedef struct {
    int64_t at;
    usage server;
    double own_cpu;
} reading;

static reading take_reading(void) {
    struct rusage own;
    getrusage(RUSAGE_SELF, &own);
    double user = (double)own.ru_utime.tv_sec + (double)own.ru_utime.tv_usec / 1e6;
    double system = (double)own.ru_stime.tv_sec + (double)own.ru_stime.tv_usec / 1e6;
    return (reading){now_us(CLOCK_MONOTONIC), usage_of(options.pids, options.pid_count), user + system};
}

/* Reads for the warm-up and then for the measured time; returns the reading between the two. */
static reading run(viewer *viewers, int events) {
    bool throttled = options.slow && options.slow_kbps > 0;
    int64_t last = now_us(CLOCK_MONOTONIC), until = last + (int64_t)(options.warm_up * 1e6);
    reading start = {0};
    struct epoll_event ready[MAX_EVENTS];
    for (;;) {
        int64_t now = now_us(CLOCK_MONOTONIC);
        if (now >= until && measuring) return start;
        if (now >= until) {
            start = take_reading();
            measuring = true;
            until = start.at + (int64_t)(options.seconds * 1e6);
        }
        int wait_ms = (int)((until - now) / 1000) + 1;
        if (throttled && wait_ms > 10) wait_ms = 10;
        int count = epoll_wait(events, ready, MAX_EVENTS, wait_ms);
        for (int i = 0; i < count; i++) read_some(ready[i].data.ptr, -1);
        if (!throttled) continue;
        now = now_us(CLOCK_MONOTONIC);
        read_slowly(viewers, now - last);
        last = now;
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const viewer *viewers, reading start, reading end) {
    viewer fast = {0}, slow = {0};
    uint64_t bad = 0;
    int count = 0, starved = 0;
    double seconds = (double)(end.at - start.at) / 1e6;
    double *rates = calloc((size_t)options.viewers + 1, sizeof *rates);
    for (const viewer *v = viewers; v < viewers + options.viewers; v++) {
        viewer *sum = v->slow ? &slow : &fast;
        sum->frames += v->frames;
        sum->bytes += v->bytes;
        bad += v->bad;
        if (v->slow) continue;
        fast.skipped += v->skipped;
        fast.repeated += v->repeated;
        fast.reordered += v->reordered;
        starved += !v->frames;
        rates[count++] = (double)v->frames / seconds;
    }
    qsort(rates, (size_t)count, sizeof *rates, ascending);
    double cpu = end.server.cpu - start.server.cpu;
    double user = end.server.user - start.server.user, system = end.server.system - start.server.system;
    double gigabytes = (double)(fast.bytes + slow.bytes) / 1e9;
    uint64_t frames = fast.frames + slow.frames;
    const char *format = options.json
        ? "{\"viewers\":%d,\"slow\":%d,\"seconds\":%.3f,\"fps\":%.1f,\"mbps\":%.2f,\"fps_min\":%.2f,\"fps_median\":%.2f,"
          "\"fps_max\":%.2f,\"starved\":%d,\"p50_us\":%.0f,\"p90_us\":%.0f,\"p99_us\":%.0f,\"max_us\":%.0f,"
          "\"first_p50_us\":%.0f,\"first_max_us\":%.0f,\"skipped\":%llu,\"repeated\":%llu,\"reordered\":%llu,\"bad\":%llu,"
          "\"closed\":%d,\"cpu\":%.4f,\"user_share\":%.3f,\"cpu_per_gb\":%.4f,\"cpu_us_per_frame\":%.2f,\"rss_kb\":%ld,"
          "\"peak_kb\":%ld,\"load_cpu\":%.3f,\"slow_fps\":%.2f,\"slow_p50_us\":%.0f,\"slow_max_us\":%.0f}\n"
        : "%d viewers, %d of them slow, %.2f s\n"
          "fast: %.1f frames/s, %.2f MB/s; each min/median/max %.2f/%.2f/%.2f fps; %d got nothing\n"
          "  latency us: p50 %.0f, p90 %.0f, p99 %.0f, max %.0f; first frame p50 %.0f, max %.0f\n"
          "  skipped %llu, repeated %llu, reordered %llu, bad %llu; %d connections were closed early\n"
          "server: %.4f CPU s (%.2f of it in user space), %.4f CPU s/GB, %.2f us/frame, RSS %ld kB, peak %ld kB\n"
          "this load: %.3f CPU s\n"
          "slow: %.2f frames/s, latency us p50 %.0f, max %.0f\n";
    printf(format, options.viewers, options.slow, seconds, (double)fast.frames / seconds,
           (double)fast.bytes / seconds / 1e6, rates[0], rates[count / 2], count ? rates[count - 1] : 0, starved,
           histogram_quantile(&latency_fast, .5), histogram_quantile(&latency_fast, .9),
           histogram_quantile(&latency_fast, .99), histogram_max(&latency_fast), histogram_quantile(&first_frame, .5),
           histogram_max(&first_frame), (unsigned long long)fast.skipped, (unsigned long long)fast.repeated,
           (unsigned long long)fast.reordered, (unsigned long long)bad, closed_early, cpu,
           user + system > 0 ? user / (user + system) : 0, gigabytes > 0 ? cpu / gigabytes : -1,
           frames ? cpu * 1e6 / (double)frames : -1, end.server.rss_kb, end.server.peak_kb, end.own_cpu - start.own_cpu,
           (double)slow.frames / seconds, histogram_quantile(&latency_slow, .5), histogram_max(&latency_slow));
    free(rates);
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    struct addrinfo hint = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(options.host, NULL, &hint, &found)) {
        fprintf(stderr, "cannot resolve %s\n", options.host);
        return 2;
    }
    struct sockaddr_in address = *(struct sockaddr_in *)found->ai_addr;
    address.sin_port = htons((uint16_t)options.port);
    freeaddrinfo(found);
    signal(SIGPIPE, SIG_IGN);
    buffer = malloc(READ_LIMIT);
    viewer *viewers = calloc((size_t)options.viewers, sizeof *viewers);
    int events = open_all(viewers, &address);
    reading start = run(viewers, events);
    report(viewers, start, take_reading());
    return closed_early ? 1 : 0;
}
