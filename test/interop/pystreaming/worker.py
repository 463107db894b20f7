"""A real pystreaming Worker: `worker.py SOURCE DRAIN NAME SECONDS`. It says in meta who it is and how bright the frame is."""
import sys
import time

from pystreaming import Worker


def main():
    source, drain, name, seconds = sys.argv[1:]
    with Worker(source, drain) as worker:
        print("ready", flush=True)
        end = time.time() + float(seconds)
        for data in worker.handler(100):
            if time.time() > end:
                break
            if data is None:
                continue
            data["meta"] = {"worker": name, "brightness": float(data["arr"].mean()), "sees": ["a", 1, None]}
            worker.send(data)


if __name__ == "__main__":
    main()
