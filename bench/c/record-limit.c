// SPDX-License-Identifier: MIT
/*
 * record-limit: what recording can at best cost on this machine. One thread writes each frame with one write(), to one file a
 * camera, and syncs all files each second. No container, no ledger, no check.
 *
 *   cc -O2 -o record-limit record-limit.c && ./record-limit FILM FRAME_BYTES FOLDER CAMERAS FPS SECONDS
 *
 * FILM is frames of FRAME_BYTES each, one behind the other; each is stamped before it is written.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "stamp.h"

enum { MAX_CAMERAS = 64 };

static double cpu_seconds(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    picture film = read_picture(argv[1]);
    size_t frame_bytes = (size_t)atol(argv[2]), count = film.length / frame_bytes;
    int cameras = atoi(argv[4]), fps = atoi(argv[5]), turns = (int)(fps * atof(argv[6]));
    int files[MAX_CAMERAS];
    if (cameras > MAX_CAMERAS || !count) return 2;
    for (int camera = 0; camera < cameras; camera++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/limit-%d.mjpeg", argv[3], camera);
        files[camera] = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (files[camera] < 0) fail(path);
    }
    double before = cpu_seconds(), bytes = 0;
    pacer pace = start_pacer(fps);
    for (int turn = 0; turn < turns; turn++) {
        wait_for_turn(&pace);
        unsigned char *frame = film.bytes + (size_t)turn % count * frame_bytes;
        for (int camera = 0; camera < cameras; camera++) {
            stamp(frame, (unsigned)turn);
            if (write(files[camera], frame, frame_bytes) != (ssize_t)frame_bytes) fail("write");
            bytes += (double)frame_bytes;
        }
        if (turn % fps != fps - 1) continue;
        for (int camera = 0; camera < cameras; camera++)
            if (fsync(files[camera])) fail("fsync");
    }
    double cpu = cpu_seconds() - before;
    printf("{\"cpu\":%.4f,\"cpu_per_gb\":%.4f,\"bytes\":%.0f,\"lost\":0}\n", cpu, cpu / bytes * 1e9, bytes);
    return 0;
}
