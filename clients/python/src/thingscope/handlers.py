"""Runs a worker's handler: whatever it does, the worker goes on."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import json
import logging
import time
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Union

log = logging.getLogger("thingscope")

# The server's side of these is in src/adapters/nats/work.
MOST_WHY = 1000
MOST_RESULT = 65_536
MOST_ABANDONED = 10


class GiveUp(Exception):
    """Raised by a handler that cannot say anything of a frame, which is no failure: its ticket is dropped with this reason."""


@dataclass(frozen=True)
class Frame:
    """A frame, as a handler is given it."""

    run: str
    index: int
    captured_at: float
    """End of exposure, ms since 1970."""
    jpeg: bytes
    """One complete JPEG file."""
    ends_at: float
    """When the ticket is too old, on the clock of `time.monotonic`."""

    def is_too_old(self) -> bool:
        """Whether nobody waits for the result any more."""
        return time.monotonic() > self.ends_at


Handler = Callable[[Frame], Union[Any, Awaitable[Any]]]


@dataclass(frozen=True)
class _Raised:
    """In place of a result: no future can hold a StopIteration, and a handler that was cancelled does not cancel its worker."""

    error: BaseException


class Handlers:
    """Calls of a handler, in threads where it is not async, and those that nobody waits for any more."""

    def __init__(self, handler: Handler, concurrency: int, name: str) -> None:
        self._handler = handler
        self._threads = concurrent.futures.ThreadPoolExecutor(concurrency + MOST_ABANDONED)
        self._name = name
        self._abandoned = 0
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """When a ticket may be taken: not while too many calls go on though their tickets are too old."""
        await self._room.wait()

    @property
    def has_room(self) -> bool:
        return self._room.is_set()

    async def outcome(self, frame: Frame, most_bytes: int) -> dict[str, Any]:
        """What is to be reported. `most_bytes` is what a message of NATS holds. Raises TimeoutError when the ticket is too old."""
        found = await asyncio.wait_for(self._run(frame), frame.ends_at - time.monotonic())
        if not isinstance(found, _Raised):
            return _done_with(found, most_bytes)
        if isinstance(found.error, GiveUp):
            return {"state": "gave_up", "why": _words(found.error)[:MOST_WHY]}
        return _failed(_told(found.error))

    async def _run(self, frame: Frame) -> Any:
        if inspect.iscoroutinefunction(self._handler):
            return await self._wait(asyncio.ensure_future(_awaited(self._handler(frame))))
        loop = asyncio.get_running_loop()
        result = await self._wait(loop.run_in_executor(self._threads, _called, self._handler, frame))
        return await self._wait(asyncio.ensure_future(_awaited(result))) if inspect.isawaitable(result) else result

    async def _wait(self, running: asyncio.Future[Any]) -> Any:
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            if isinstance(running, asyncio.Task):
                running.cancel()  # of a call in a thread the future alone would be cancelled, and the call go on uncounted
            if not running.done():
                self._abandon(running)
            raise
        return _Raised(asyncio.CancelledError()) if running.cancelled() else running.result()

    def _abandon(self, running: asyncio.Future[Any]) -> None:
        self._abandoned += 1
        running.add_done_callback(self._end)
        if self._abandoned == MOST_ABANDONED:
            self._room.clear()
            log.error(
                "Worker '%s' takes no more tickets: %d calls of its handler go on though their tickets are too old. "
                "Let the handler end when frame.is_too_old().",
                self._name,
                MOST_ABANDONED,
            )

    def _end(self, running: asyncio.Future[Any]) -> None:
        if not running.cancelled():
            running.exception()  # nobody else looks
        self._abandoned -= 1
        if self._abandoned < MOST_ABANDONED:  # with more than one ticket at a time more may go on
            self._room.set()


def _called(handler: Handler, frame: Frame) -> Any:
    try:
        return handler(frame)
    except BaseException as error:
        return _Raised(error)


async def _awaited(result: Awaitable[Any]) -> Any:
    try:
        return await result
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise
    except BaseException as error:
        return _Raised(error)


def _done_with(result: Any, most_bytes: int) -> dict[str, Any]:
    try:
        size = len(json.dumps(result, allow_nan=False, ensure_ascii=False))
        text = json.dumps(result, allow_nan=False)
        if size > MOST_RESULT:
            return _failed(
                f"The result has {size} characters as JSON. {MOST_RESULT} are the most of a result: "
                "put what is larger into a file, and report where it is."
            )
        if len(text) + 2 * MOST_WHY > most_bytes:
            return _failed(
                f"The result has {len(text)} bytes as JSON, and a message of this NATS server holds {most_bytes}. "
                "Make max_payload of nats-server larger, or report less."
            )
        return {"state": "done", "result": json.loads(text)}  # as it is now, whatever the handler does with it
    except Exception as error:
        return _failed(_told(error))


def _failed(why: str) -> dict[str, Any]:
    return {"state": "failed", "why": why[:MOST_WHY]}


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {_words(error)}"


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "it cannot be written as text"
