"""A worker in Python for work-hostile.test.ts: what it returns is none, or too large."""

import sys

from thingscope import Frame, worker


def handle(frame: Frame) -> object:
    if frame.index == 0:
        return "x" * 10_000_000
    if frame.index == 1:
        return float("nan")
    if frame.index == 2:
        return object()
    if frame.index == 3:
        raise ValueError("x" * 2_000_000)
    return None


worker(handle, servers=[sys.argv[1]], member="one", queue="spots", name="wörker", token=sys.argv[2])
