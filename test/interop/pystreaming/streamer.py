"""
A real pystreaming Streamer: `streamer.py ENDPOINT [mapreduce]`. It prints `ready`, and sends a frame for each line that it
reads, until there are no more. Frame n is a grey of 2 n, modulo 256.
"""
import sys
import time

import dropped  # noqa: F401
import numpy
from pystreaming import Streamer


def main():
    endpoint, *rest = sys.argv[1:]
    with Streamer(endpoint, mapreduce="mapreduce" in rest) as streamer:
        print("ready", flush=True)
        for n, _ in enumerate(sys.stdin):
            streamer.send(numpy.full((48, 64, 3), (2 * n) % 256, numpy.uint8))
        time.sleep(1)


if __name__ == "__main__":
    main()
