"""A real pystreaming Receiver: `receiver.py ENDPOINT SECONDS [mapreduce]`. It prints `ready`, and then a line of JSON for each frame."""
import json
import sys
import time

from pystreaming import Receiver


def main():
    endpoint, seconds, *rest = sys.argv[1:]
    receiver = Receiver(endpoint, mapreduce="mapreduce" in rest)
    with receiver:
        print("ready", flush=True)
        end = time.time() + float(seconds)
        for data in receiver.handler(100):
            if time.time() > end:
                break
            if data is None:
                continue
            blue, green, red = (int(value) for value in data["arr"].reshape(-1, 3).mean(axis=0))
            frame = {"fno": data["fno"], "ftime": data["ftime"], "meta": data["meta"]}
            frame.update(shape=list(data["arr"].shape), rgb=[red, green, blue])
            print(json.dumps(frame), flush=True)


if __name__ == "__main__":
    main()
