// SPDX-License-Identifier: MIT
// What processes have used so far, all their threads together, read from /proc.
#pragma once
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef struct {
    double cpu;          // seconds on a core, from the scheduler, in nanosecond steps
    double user, system; // seconds, in clock ticks: good for their ratio only
    long rss_kb, peak_kb;
} usage;

static void add_thread_time(usage *sum, pid_t pid) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) return;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.') continue;
        char file[600];
        snprintf(file, sizeof file, "%s/%s/schedstat", path, task->d_name);
        FILE *f = fopen(file, "r");
        if (!f) continue;
        unsigned long long nanoseconds = 0;
        if (fscanf(f, "%llu", &nanoseconds) == 1) sum->cpu += (double)nanoseconds / 1e9;
        fclose(f);
    }
    closedir(tasks);
}

static void add_user_and_system(usage *sum, pid_t pid) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f) return;
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    const char *after_name = strrchr(text, ')');
    unsigned long user = 0, system = 0;
    const char *format = " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu";
    if (!after_name || sscanf(after_name + 1, format, &user, &system) != 2) return;
    double hz = (double)sysconf(_SC_CLK_TCK);
    sum->user += (double)user / hz;
    sum->system += (double)system / hz;
}

static void add_memory(usage *sum, pid_t pid) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *f = fopen(path, "r");
    if (!f) return;
    while (fgets(line, sizeof line, f)) {
        long kb;
        if (sscanf(line, "VmRSS: %ld", &kb) == 1) sum->rss_kb += kb;
        if (sscanf(line, "VmHWM: %ld", &kb) == 1) sum->peak_kb += kb;
    }
    fclose(f);
}

static usage usage_of(const pid_t *pids, int count) {
    usage sum = {0};
    for (int i = 0; i < count; i++) {
        add_thread_time(&sum, pids[i]);
        add_user_and_system(&sum, pids[i]);
        add_memory(&sum, pids[i]);
    }
    return sum;
}
