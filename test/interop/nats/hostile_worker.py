"""A worker in Python for work-hostile.test.ts: what it returns is none, or too large, and what it raises ends other programs."""

import asyncio
import sys

from thingscope import Frame, worker


class Wordless(Exception):
    def __str__(self) -> str:
        raise ValueError


RAISED = (StopIteration(), asyncio.CancelledError(), SystemExit(2), Wordless())


async def swallow() -> None:
    raise asyncio.CancelledError


def handle(frame: Frame) -> object:
    if frame.index == 0:
        return "x" * 10_000_000
    if frame.index == 1:
        return float("nan")
    if frame.index == 2:
        return object()
    if frame.index == 3:
        raise ValueError("x" * 2_000_000)
    if 4 <= frame.index < 8:
        raise RAISED[frame.index - 4]
    if frame.index == 8:
        return swallow()
    if frame.index == 9:
        return "漢" * 65_000
    return None


worker(handle, servers=[sys.argv[1]], member="one", queue="spots", name="wörker", token=sys.argv[2])
