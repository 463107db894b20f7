// SPDX-License-Identifier: MIT
// The options of mjpeg-load; the head of mjpeg-load.c says what each means.
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { MAX_PIDS = 64 };

static struct {
    int viewers, slow, port, receive_fast, receive_slow, pid_count, ramp_ms;
    double seconds, warm_up, slow_kbps;
    bool copy, verify, http11, raw, prefer_header, json;
    pid_t pids[MAX_PIDS];
    char host[256], path[1024];
} options = {.viewers = 1, .seconds = 5, .warm_up = 1, .port = 80, .path = "/"};

static void read_options(int argc, char **argv) {
    for (int option; (option = getopt(argc, argv, "n:d:w:s:r:B:b:p:cv1TxjA:")) != -1;) switch (option) {
        case 'n': options.viewers = atoi(optarg); break;
        case 'd': options.seconds = atof(optarg); break;
        case 'w': options.warm_up = atof(optarg); break;
        case 's': options.slow = atoi(optarg); break;
        case 'r': options.slow_kbps = atof(optarg); break;
        case 'B': options.receive_fast = atoi(optarg); break;
        case 'b': options.receive_slow = atoi(optarg); break;
        case 'c': options.copy = true; break;
        case 'v': options.verify = options.copy = true; break;
        case '1': options.http11 = true; break;
        case 'T': options.raw = true; break;
        case 'x': options.prefer_header = true; break;
        case 'j': options.json = true; break;
        case 'A': options.ramp_ms = atoi(optarg); break;
        case 'p':
            for (char *pid = strtok(optarg, ","); pid && options.pid_count < MAX_PIDS; pid = strtok(NULL, ","))
                options.pids[options.pid_count++] = atoi(pid);
            break;
        default: exit(2);
    }
    const char *url = optind < argc ? argv[optind] : "";
    bool parsed = sscanf(url, "http://%255[^:/]:%d%1023s", options.host, &options.port, options.path) >= 1;
    if (!parsed || options.viewers < 1 || options.slow > options.viewers) {
        fprintf(stderr, "usage: mjpeg-load [options] http://host:port/path (the head of mjpeg-load.c lists them)\n");
        exit(2);
    }
}
