// SPDX-License-Identifier: MIT
/*
 * file-shim: makes GStreamer's `multifilesrc` a source of live frames. Each time it reads its file it waits until the next
 * frame is due, and gets a copy of FEED_FILE with the time and number of that moment.
 *
 *   cc -O2 -shared -fPIC -o file-shim.so file-shim.c
 *   FEED_FILE=frame.jpg FEED_FPS=30 LD_PRELOAD=./file-shim.so gst-launch-1.0 multifilesrc location=frame.jpg ! ...
 *
 * It takes the place of GLib's g_file_get_contents. One memcpy a frame is charged to the program under test, as in
 * camera-shim.c.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "stamp.h"

typedef int read_file(const char *path, char **contents, size_t *length, void **error);

int g_file_get_contents(const char *path, char **contents, size_t *length, void **error) {
    static picture frame;
    static pacer pace;
    static unsigned sequence;
    const char *feed = getenv("FEED_FILE");
    if (!feed || strcmp(path, feed)) {
        read_file *real = (read_file *)dlsym(RTLD_NEXT, "g_file_get_contents");
        return real(path, contents, length, error);
    }
    if (!frame.bytes) {
        frame = read_picture(feed);
        pace = start_pacer(atof(getenv("FEED_FPS")));
    }
    wait_for_turn(&pace);
    *length = frame.length;
    *contents = malloc(frame.length + 1); // GLib promises a zero behind the contents
    memcpy(*contents, frame.bytes, frame.length);
    (*contents)[frame.length] = 0;
    stamp((unsigned char *)*contents, ++sequence);
    return 1;
}
