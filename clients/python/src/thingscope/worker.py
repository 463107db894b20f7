"""Takes tickets of a work queue, fetches their frames over HTTP, and reports what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import logging
import os
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Mapping, Sequence, Union

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

log = logging.getLogger("thingscope")

# The server's side of these is in src/adapters/nats/work.
CONSUMER = "workers"
MOST_DELIVERIES = 5
PULL_S = 5.0
REPORT_S = 5.0
FETCH_S = 30.0
PAUSE_S = 0.5
UNREACHED_S = 5.0
LONGEST_PAUSE_S = 5.0


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


def worker(handler: Handler, **options: Any) -> None:
    """Works until the process is interrupted. The options are those of `run_worker`."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_worker(handler, **options))


async def run_worker(
    handler: Handler,
    *,
    servers: Sequence[str],
    member: str,
    queue: str,
    fleet: str = "lab",
    name: str | None = None,
    concurrency: int = 1,
    token: str | None = None,
    connect: Mapping[str, Any] | None = None,
) -> None:
    """Works until it is cancelled. A connection that is lost is made again."""
    called = name or f"{socket.gethostname()}-{os.getpid()}"
    pause = PAUSE_S
    while True:
        connection = Client()
        lost = asyncio.Event()

        async def on_closed() -> None:
            lost.set()

        async def on_error(error: Exception) -> None:
            log.debug("NATS: %s", error)

        try:
            # What nats-py sends after it has reconnected is for tickets that others have by then.
            await connection.connect(
                servers=list(servers),
                name=f"thingscope worker {called}",
                allow_reconnect=False,
                closed_cb=on_closed,
                error_cb=on_error,
                **(connect or {}),
            )
            desk = _Desk(connection, fleet, member, queue, called, token)
            silence_s = await desk.open()
            pause = PAUSE_S
            loops = [asyncio.create_task(desk.work(handler, silence_s)) for _ in range(concurrency)]
            ended = asyncio.create_task(lost.wait())
            try:
                done, _ = await asyncio.wait([*loops, ended], return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    one.result()
                raise nats.errors.ConnectionClosedError
            finally:
                for one in [*loops, ended]:
                    one.cancel()
                await asyncio.gather(*loops, ended, return_exceptions=True)
        except (nats.errors.Error, OSError, asyncio.TimeoutError) as error:
            log.warning("Worker '%s' gets no tickets: %s", called, error)
        finally:
            with contextlib.suppress(Exception):
                await connection.close()
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)


class _Ended(Exception):
    """The ticket has ended: somebody else was quicker, or it was too old."""


class _Unreached(Exception):
    """The server has not answered: the ticket may say where it was before."""


class _Gone(Exception):
    """The frame is nowhere any more."""


class _Desk:
    """Where a worker takes tickets and reports, by one connection."""

    def __init__(
        self, connection: Client, fleet: str, member: str, queue: str, name: str, token: str | None
    ) -> None:
        self._connection = connection
        self._stream = f"thingscope_work_{fleet}_{member}_{queue}"
        self._reports = f"thingscope.{fleet}.{member}.work.{queue}.reports"
        self._name = name
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def open(self) -> float:
        """For how long a worker may be silent, s."""
        self._tickets = await self._connection.jetstream().pull_subscribe_bind(
            consumer=CONSUMER, stream=self._stream
        )
        info = await self._tickets.consumer_info()
        return info.config.ack_wait or 30.0

    async def work(self, handler: Handler, silence_s: float) -> None:
        while True:
            try:
                [message] = await self._tickets.fetch(1, timeout=PULL_S)
            except asyncio.TimeoutError:
                continue
            beat = asyncio.create_task(_beat(message, silence_s / 4))
            try:
                await self._handle(message, handler)
                await message.ack()
            except _Unreached:
                await message.nak(UNREACHED_S)
            except asyncio.CancelledError:
                with contextlib.suppress(Exception):
                    await message.nak()
                raise
            finally:
                beat.cancel()

    async def _handle(self, message: Msg, handler: Handler) -> None:
        ticket = json.loads(message.data)
        what: dict[str, Any]
        if message.metadata.num_delivered > MOST_DELIVERIES:
            why = f"it was delivered {MOST_DELIVERIES} times and no worker has reported: it may end its workers"
            what = {"state": "failed", "why": why}
        else:
            try:
                frame = await self._fetch(ticket, message.metadata.num_delivered)
                left = frame.ends_at - time.monotonic()
                what = await asyncio.wait_for(_outcome(handler, frame), left)
            except (_Ended, asyncio.TimeoutError):
                return  # the server has dropped it
            except _Gone as error:
                what = {"state": "gone", "why": str(error)}
        await self._report({"ticket": f"{ticket['run']}:{ticket['index']}", "worker": self._name, **what})

    async def _fetch(self, ticket: dict[str, Any], delivered: int) -> Frame:
        begin = time.monotonic()
        while time.monotonic() - begin < UNREACHED_S:
            try:
                jpeg, remaining_ms = await asyncio.to_thread(_get, ticket["url"], self._headers)
            except urllib.error.HTTPError as error:
                detail = _detail(error)
                if error.code == 410:
                    raise _Ended from None
                if error.code == 404:
                    raise _Gone(detail) from None
                if error.code < 500:
                    raise PermissionError(f"{ticket['url']} is refused: {detail}") from None
            except OSError:
                pass
            else:
                ends_at = time.monotonic() + remaining_ms / 1000
                return Frame(ticket["run"], ticket["index"], ticket["captured_at"], jpeg, ends_at)
            await asyncio.sleep(PAUSE_S)
        if delivered < MOST_DELIVERIES:
            raise _Unreached
        raise _Gone(f"the server was not reached at {ticket['url']}")

    async def _report(self, report: dict[str, Any]) -> None:
        """Until the server has taken it: it has written it into its ledger then."""
        while True:
            try:
                data = json.dumps(report).encode()
                answer = await self._connection.request(self._reports, data, timeout=REPORT_S)
                said = json.loads(answer.data)
            except (nats.errors.TimeoutError, nats.errors.NoRespondersError):
                said = {"outcome": "retry"}  # the server may be starting
            if said["outcome"] == "refused" and report["state"] == "done":
                report = {**report, "state": "failed", "why": said.get("why", "")}
                report.pop("result")
            elif said["outcome"] == "retry":
                await asyncio.sleep(PAUSE_S)
            else:
                return


async def _beat(message: Msg, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await message.in_progress()


async def _outcome(handler: Handler, frame: Frame) -> dict[str, Any]:
    try:
        result = await _run(handler, frame)
        json.dumps(result)
        return {"state": "done", "result": result}
    except GiveUp as error:
        return {"state": "gave_up", "why": str(error)}
    except Exception as error:
        return {"state": "failed", "why": f"{type(error).__name__}: {error}"}


async def _run(handler: Handler, frame: Frame) -> Any:
    if inspect.iscoroutinefunction(handler):
        return await handler(frame)
    result = await asyncio.to_thread(handler, frame)  # so that the connection goes on meanwhile
    return await result if inspect.isawaitable(result) else result


def _get(url: str, headers: Mapping[str, str]) -> tuple[bytes, float]:
    request = urllib.request.Request(url, headers=dict(headers))
    with urllib.request.urlopen(request, timeout=FETCH_S) as response:
        return response.read(), float(response.headers["ticket-remaining-ms"])


def _detail(error: urllib.error.HTTPError) -> str:
    text = error.read().decode(errors="replace")
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return text
