"""A real pystreaming Streamer: `streamer.py ENDPOINT FPS SECONDS [mapreduce]`. Frame n is a grey of 2 n, modulo 256."""
import sys
import time

import numpy
from pystreaming import Streamer


def main():
    endpoint, fps, seconds, *rest = sys.argv[1:]
    with Streamer(endpoint, mapreduce="mapreduce" in rest) as streamer:
        print("ready", flush=True)
        time.sleep(0.5)
        start = time.time()
        for n in range(int(float(fps) * float(seconds))):
            time.sleep(max(0, start + n / float(fps) - time.time()))
            streamer.send(numpy.full((48, 64, 3), (2 * n) % 256, numpy.uint8))
        time.sleep(1)


if __name__ == "__main__":
    main()
