// SPDX-License-Identifier: MIT
/*
 * feed: runs a program and sends it frames, one whole JPEG per read, over a socket that is its file descriptor 3.
 *
 *   cc -O2 -o feed feed.c && ./feed FRAME.jpg FPS PROGRAM [ARGUMENT...]
 *
 * The socket keeps message borders (SOCK_SEQPACKET), so GStreamer's `fdsrc fd=3 blocksize=<frame size>` makes exactly one
 * buffer of each frame. A frame is left out when the program is behind.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "stamp.h"

enum { PROGRAM_FD = 3 };

static void run_program(int fd, char **command, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    if (fd != PROGRAM_FD && dup2(fd, PROGRAM_FD) < 0) _exit(1);
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: feed FRAME.jpg FPS PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    picture frame = read_picture(argv[1]);
    int ends[2], room = 4 * (int)frame.length;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) return perror("socketpair"), 1;
    // Beyond the system's limit for unprivileged programs; without the right to it, what setsockopt grants.
    if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room)) setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    signal(SIGPIPE, SIG_IGN);
    pid_t parent = getpid(), program = fork();
    if (program == 0) run_program(ends[1], argv + 3, parent);
    close(ends[1]);
    printf("%d\n", program); // its pid, for whoever measures it
    fflush(stdout);

    pacer pace = start_pacer(atof(argv[2]));
    for (unsigned sequence = 1; waitpid(program, NULL, WNOHANG) == 0; sequence++) {
        wait_for_turn(&pace);
        stamp(frame.bytes, sequence);
        if (send(ends[0], frame.bytes, frame.length, MSG_DONTWAIT) < 0) continue;
    }
    return 0;
}
