// SPDX-License-Identifier: MIT
// A log-linear histogram of microseconds: 64 linear steps per power of two, so about 1.6 % resolution from
// 1 us to over an hour in a fixed table of 20 kB.
#pragma once
#include <stdint.h>

enum { STEPS = 64, STEP_BITS = 6, OCTAVES = 40 };

typedef struct {
    uint64_t count, max;
    uint64_t bins[OCTAVES * STEPS];
} histogram;

static unsigned histogram_slot(uint64_t value) {
    if (value < STEPS) return (unsigned)value;
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - STEP_BITS;
    unsigned slot = (shift + 1) * STEPS + (unsigned)((value >> shift) - STEPS);
    return slot < OCTAVES * STEPS ? slot : OCTAVES * STEPS - 1;
}

static uint64_t histogram_value(unsigned slot) {
    if (slot < STEPS) return slot;
    return ((uint64_t)(slot % STEPS) + STEPS) << (slot / STEPS - 1);
}

static void histogram_add(histogram *h, int64_t microseconds) {
    uint64_t value = microseconds < 0 ? 0 : (uint64_t)microseconds;
    h->count++;
    h->bins[histogram_slot(value)]++;
    if (value > h->max) h->max = value;
}

/* The value below which `fraction` of all lie; -1 when there are none. */
static double histogram_quantile(const histogram *h, double fraction) {
    if (!h->count) return -1;
    uint64_t wanted = (uint64_t)(fraction * (double)h->count), seen = 0;
    if (wanted >= h->count) wanted = h->count - 1;
    for (unsigned slot = 0; slot < OCTAVES * STEPS; slot++) {
        if ((seen += h->bins[slot]) > wanted) return (double)histogram_value(slot);
    }
    return (double)h->max;
}

static double histogram_max(const histogram *h) { return h->count ? (double)h->max : -1; }
