"""
The real Worker, whose handler does nothing, and the real Receiver: `theirs.py SOURCE DRAIN SECONDS` prints how many frames
a second came.
"""
import json
import multiprocessing
import sys
import time

from pystreaming import Receiver, Worker

WARM_UP_S = 2


def work(source, drain):
    with Worker(source, drain) as worker:
        for data in worker.handler(100):
            if data is not None:
                worker.send(data)


def main():
    source, drain, seconds = sys.argv[1:]
    with Receiver(drain, mapreduce=True) as receiver:
        worker = multiprocessing.Process(target=work, args=(source, drain))
        worker.start()
        handler = receiver.handler(100)
        while next(handler) is None:
            pass
        count(handler, WARM_UP_S)
        print(json.dumps({"per_second": count(handler, float(seconds)) / float(seconds)}), flush=True)
        worker.terminate()


def count(handler, seconds):
    end = time.time() + seconds
    frames = 0
    while time.time() < end:
        if next(handler) is not None:
            frames += 1
    return frames


if __name__ == "__main__":
    main()
