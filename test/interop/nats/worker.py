"""A worker in Python for work.test.ts: fails and gives up as the others there do."""

import sys

from thingscope import Frame, GiveUp, worker


def handle(frame: Frame) -> object:
    if frame.index % 10 == 7:
        raise ValueError("no spot")
    if frame.index % 10 == 9:
        raise GiveUp("too dark")
    return {"index": frame.index}


worker(handle, servers=[sys.argv[1]], member="one", queue="spots", name="python")
