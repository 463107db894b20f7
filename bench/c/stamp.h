// SPDX-License-Identifier: MIT
// The bench's frames, and when each is due: shared by all C programs that make frames.
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline const char *setting(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value ? value : otherwise;
}

typedef struct {
    unsigned char *bytes;
    size_t length;
} picture;

static inline picture read_picture(const char *path) {
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) {
        fprintf(stderr, "cannot read the frame '%s'\n", path ? path : "");
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    picture p = {.length = (size_t)ftell(file)};
    rewind(file);
    p.bytes = malloc(p.length);
    if (fread(p.bytes, 1, p.length, file) != p.length) exit(2);
    fclose(file);
    return p;
}

/* Writes a time of CLOCK_REALTIME in ns and a number into the COM segment that follows SOI. */
static inline void stamp_at(unsigned char *jpeg, unsigned sequence, long long ns) {
    char text[64];
    int length = snprintf(text, sizeof text, "TS=%010lld.%06lld SEQ=%010u", ns / 1000000000, ns % 1000000000 / 1000, sequence);
    memcpy(jpeg + 6, text, (size_t)length);
}

/* The same with the present time. */
static inline void stamp(unsigned char *jpeg, unsigned sequence) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    stamp_at(jpeg, sequence, now.tv_sec * 1000000000LL + now.tv_nsec);
}

/* Turns at an even rate. */
typedef struct {
    struct timespec next;
    long step_ns;
} pacer;

static inline pacer start_pacer(double per_second) {
    pacer p = {.step_ns = (long)(1e9 / per_second)};
    clock_gettime(CLOCK_MONOTONIC, &p.next);
    return p;
}

/* Sleeps until the next turn; after a standstill of more than a second the missed turns are left out. */
static inline void wait_for_turn(pacer *p) {
    p->next.tv_nsec += p->step_ns;
    while (p->next.tv_nsec >= 1000000000) {
        p->next.tv_nsec -= 1000000000;
        p->next.tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &p->next, NULL);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - p->next.tv_sec > 1) p->next = now;
}
