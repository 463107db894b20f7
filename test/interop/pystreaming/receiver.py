"""
A real pystreaming Receiver: `receiver.py ENDPOINT [mapreduce] [buffer]`. Until it is killed it prints `ready`, and
then a line of JSON for each frame; with `buffer` in the order in which pystreaming's own buffer of half a second gives them,
and a line for each that the buffer takes, with how late it was against the first, at most, when the buffer looked.
"""
import json
import sys
import time

import dropped  # noqa: F401
from pystreaming import Receiver, buffer


def main():
    endpoint, *rest = sys.argv[1:]
    receiver = Receiver(endpoint, mapreduce="mapreduce" in rest)
    with receiver:
        print("ready", flush=True)
        if "buffer" in rest:
            # As the documentation has it, without the timeout, it raises a TypeError.
            frames = (data for _, data in buffer(0.5, {"video": lambda: telling(receiver.handler(0))}))
        else:
            frames = receiver.handler(100)
        for data in frames:
            if data is not None:
                tell(data)


def telling(frames):
    ahead = None
    for data in frames:
        if ahead is None and data is not None:
            ahead = time.time() - data["ftime"]
        yield data
        if data is not None:
            late = time.time() - data["ftime"] - ahead
            print(json.dumps({"taken": data["fno"], "late": late}), flush=True)


def tell(data):
    blue, green, red = (int(value) for value in data["arr"].reshape(-1, 3).mean(axis=0))
    frame = {"fno": data["fno"], "ftime": data["ftime"], "meta": data["meta"]}
    frame.update(shape=list(data["arr"].shape), rgb=[red, green, blue])
    print(json.dumps(frame), flush=True)


if __name__ == "__main__":
    main()
