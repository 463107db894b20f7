// SPDX-License-Identifier: MIT
// Follows the framing of one MJPEG viewer: HTTP/1.x response headers, chunked transfer coding, parts with
// Content-Length, and parts without it (found by scanning for the boundary). Byte-wise work happens on headers
// only, never on a JPEG whose length is known.
#pragma once
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

enum { HEAD_KEEP = 96, LINE_LIMIT = 1024 };

typedef enum { IN_RESPONSE, IN_PART_HEADERS, IN_BODY, IN_BODY_WITHOUT_LENGTH, ENDED } parser_state;

typedef struct viewer {
    int fd;
    bool slow;
    parser_state state;
    char line[LINE_LIMIT];
    int line_length;
    bool any_header;
    char boundary[128]; // "\r\n--" and the name, for parts without a length
    int boundary_length, boundary_matched;
    bool chunked;
    int64_t chunk_left;
    char chunk_line[32];
    int chunk_line_length;
    int64_t remaining, part_length; // of the body
    uint8_t head[HEAD_KEEP];        // its first bytes: SOI and COM
    int head_length;
    uint8_t tail[2]; // its last two, for EOI
    bool has_header_time;
    int64_t header_time_us;
    bool has_sequence;
    uint64_t sequence, frames, bytes, skipped, repeated, reordered, bad;
    int64_t requested_us;
    bool had_first;
    double allowance; // bytes that a slow viewer may still read
} viewer;

static void frame_done(viewer *v); // what a complete part is worth: mjpeg-load.c

/* "<seconds>.<fraction>" as microseconds. */
static bool parse_time(const char *text, int64_t *microseconds) {
    char *end;
    long long seconds = strtoll(text, &end, 10);
    if (end == text) return false;
    int64_t fraction = 0;
    int digits = 0;
    if (*end == '.') {
        for (end++; isdigit((unsigned char)*end); end++) {
            if (digits == 6) continue;
            fraction = fraction * 10 + (*end - '0');
            digits++;
        }
    }
    for (; digits < 6; digits++) fraction *= 10;
    *microseconds = seconds * 1000000LL + fraction;
    return true;
}

static void begin_part_headers(viewer *v) {
    v->state = IN_PART_HEADERS;
    v->line_length = 0;
    v->any_header = false;
}

static void end_part(viewer *v) {
    frame_done(v);
    begin_part_headers(v);
}

static void begin_body(viewer *v) {
    v->head_length = v->boundary_matched = 0;
    v->part_length = v->remaining >= 0 ? v->remaining : 0;
    v->state = v->remaining >= 0 ? IN_BODY : IN_BODY_WITHOUT_LENGTH;
    if (v->remaining == 0) end_part(v);
}

static void take_boundary_name(viewer *v, const char *name) {
    if (*name == '"') name++;
    int length = (int)strcspn(name, "\"; ");
    v->boundary_length = snprintf(v->boundary, sizeof v->boundary, "\r\n--%.*s", length < 100 ? length : 100, name);
}

static void response_line(viewer *v) {
    const char *line = v->line;
    if (!v->line_length) {
        begin_part_headers(v);
        v->chunk_line_length = 0;
        return;
    }
    if (!strncasecmp(line, "HTTP/", 5)) {
        const char *status = strchr(line, ' ');
        if (!status || atoi(status) != 200) {
            fprintf(stderr, "the server answers: %s\n", line);
            v->state = ENDED;
        }
    }
    if (!strncasecmp(line, "transfer-encoding:", 18) && strcasestr(line, "chunked")) v->chunked = true;
    const char *boundary = strncasecmp(line, "content-type:", 13) ? NULL : strcasestr(line, "boundary=");
    if (boundary) take_boundary_name(v, boundary + strlen("boundary="));
}

static void part_line(viewer *v) {
    const char *line = v->line;
    if (!v->line_length) {
        if (v->any_header) begin_body(v); // an empty line before any header follows the previous JPEG
        return;
    }
    if (line[0] == '-' && line[1] == '-') {
        v->remaining = -1;
        v->has_header_time = v->any_header = false;
        return;
    }
    v->any_header = true;
    if (!strncasecmp(line, "content-length:", 15)) v->remaining = atoll(line + 15);
    if (!strncasecmp(line, "x-timestamp:", 12)) {
        v->has_header_time = parse_time(line + 12 + strspn(line + 12, " "), &v->header_time_us);
    }
}

/* Takes bytes up to the end of a line; returns how many it took. */
static size_t feed_line(viewer *v, const uint8_t *bytes, size_t count) {
    const uint8_t *newline = memchr(bytes, '\n', count);
    size_t length = newline ? (size_t)(newline - bytes) : count;
    size_t room = (size_t)(LINE_LIMIT - 1 - v->line_length);
    size_t kept = length < room ? length : room;
    memcpy(v->line + v->line_length, bytes, kept);
    v->line_length += (int)kept;
    if (!newline) return count;
    if (v->line_length && v->line[v->line_length - 1] == '\r') v->line_length--;
    v->line[v->line_length] = 0;
    if (v->state == IN_RESPONSE) response_line(v);
    else part_line(v);
    v->line_length = 0;
    return length + 1;
}

static void keep_head(viewer *v, const uint8_t *bytes, size_t count) {
    size_t room = (size_t)(HEAD_KEEP - v->head_length);
    size_t kept = count < room ? count : room;
    memcpy(v->head + v->head_length, bytes, kept);
    v->head_length += (int)kept;
}

static size_t feed_body(viewer *v, const uint8_t *bytes, size_t count) {
    size_t taken = (int64_t)count < v->remaining ? count : (size_t)v->remaining;
    keep_head(v, bytes, taken);
    v->tail[0] = taken >= 2 ? bytes[taken - 2] : v->tail[1];
    v->tail[1] = bytes[taken - 1];
    v->remaining -= (int64_t)taken;
    if (!v->remaining) end_part(v);
    return taken;
}

static size_t feed_body_without_length(viewer *v, const uint8_t *bytes, size_t count) {
    if (!v->boundary_length) {
        fprintf(stderr, "a part has no Content-Length, and no boundary is known\n");
        v->state = ENDED;
        return count;
    }
    keep_head(v, bytes, count);
    size_t at = 0;
    while (at < count && v->boundary_matched < v->boundary_length) {
        if (!v->boundary_matched) { // jump to where a boundary may start
            const uint8_t *start = memchr(bytes + at, '\r', count - at);
            if (!start) { at = count; break; }
            at = (size_t)(start - bytes) + 1;
            v->boundary_matched = 1;
        } else if (bytes[at] == (uint8_t)v->boundary[v->boundary_matched]) {
            at++;
            v->boundary_matched++;
        } else {
            v->boundary_matched = 0;
        }
    }
    v->part_length += (int64_t)at;
    if (v->boundary_matched < v->boundary_length) return at;
    v->part_length -= v->boundary_length;
    v->tail[0] = 0xFF; // EOI is not checked in a part without a length
    v->tail[1] = 0xD9;
    if (v->part_length > 0) end_part(v);
    else begin_part_headers(v);
    v->remaining = -1; // the boundary line of the next part has been read here
    v->has_header_time = false;
    return at;
}

/* One byte of a chunk's size line, or of the line end after a chunk. */
static void feed_chunk_line(viewer *v, char byte) {
    if (byte != '\n') {
        if (byte != '\r' && v->chunk_line_length < (int)sizeof v->chunk_line - 1) v->chunk_line[v->chunk_line_length++] = byte;
        return;
    }
    if (!v->chunk_line_length) return;
    v->chunk_line[v->chunk_line_length] = 0;
    v->chunk_left = strtoll(v->chunk_line, NULL, 16);
    v->chunk_line_length = 0;
    if (!v->chunk_left) v->state = ENDED;
}

/* Bytes as they come from the socket. */
static void feed(viewer *v, const uint8_t *bytes, size_t count) {
    while (count && v->state != ENDED) {
        bool in_chunks = v->chunked && v->state != IN_RESPONSE;
        size_t taken = 1;
        if (in_chunks && v->chunk_left <= 0) {
            feed_chunk_line(v, (char)*bytes);
        } else {
            size_t allowed = in_chunks && (int64_t)count > v->chunk_left ? (size_t)v->chunk_left : count;
            if (v->state == IN_BODY) taken = feed_body(v, bytes, allowed);
            else if (v->state == IN_BODY_WITHOUT_LENGTH) taken = feed_body_without_length(v, bytes, allowed);
            else taken = feed_line(v, bytes, allowed);
            if (in_chunks) v->chunk_left -= (int64_t)taken;
        }
        bytes += taken;
        count -= taken;
    }
}

/* How many of the next bytes may be thrown away unseen; 0 when they have to be looked at. */
static size_t discardable(const viewer *v) {
    if (v->state != IN_BODY || v->head_length < HEAD_KEEP) return 0;
    int64_t count = v->chunked && v->chunk_left < v->remaining ? v->chunk_left : v->remaining;
    return count > 0 ? (size_t)count : 0;
}

/* `count` bytes of the body have been thrown away. */
static void discard(viewer *v, size_t count) {
    v->remaining -= (int64_t)count;
    if (v->chunked) v->chunk_left -= (int64_t)count;
    v->tail[0] = 0xFF;
    v->tail[1] = 0xD9;
    if (!v->remaining) end_part(v);
}
