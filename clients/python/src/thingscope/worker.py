"""Takes tickets of a work queue, fetches their frames over HTTP, and reports what became of them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import http.client
import inspect
import json
import logging
import os
import re
import socket
import time
import urllib.error
import urllib.parse
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
ADDRESSES_S = 2.0
FETCH_S = 30.0
PAUSE_S = 0.5
UNREACHED_S = 5.0
LONGEST_PAUSE_S = 5.0
GONE_S = 60.0
MOST_NAME = 100
MOST_WHY = 1000
MOST_RESULT = 65_536
MOST_ABANDONED = 10
MOST_PICTURE = 256 * 1024 * 1024
MOST_DETAIL = 65_536
LONGEST_TICKET_MS = 366 * 24 * 3600 * 1000.0


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
    origins: Sequence[str] = (),
    connect: Mapping[str, Any] | None = None,
) -> None:
    """
    Works until it is cancelled. A connection that is lost is made again. The token is sent to the addresses that `member` has in the
    fleet, and to `origins`, and nowhere else.
    """
    called = name or f"{socket.gethostname()}-{os.getpid()}"[-MOST_NAME:]
    if len(called) > MOST_NAME:
        raise ValueError(f"a worker's name has 1 to {MOST_NAME} characters")
    threads = _Threads(concurrency, called)
    token_of = _Token(token, origins)
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
            desk = _Desk(connection, fleet, member, queue, called, token_of, threads)
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
        self,
        connection: Client,
        fleet: str,
        member: str,
        queue: str,
        name: str,
        token: _Token,
        threads: _Threads,
    ) -> None:
        self._connection = connection
        self._member = member
        self._queue = queue
        self._token = token
        self._stream = f"thingscope_work~{fleet}~{member}~{queue}"
        self._reports = f"thingscope.{fleet}.{member}.work.{queue}.reports"
        self._name = name
        self._threads = threads
        self._headers = {"Worker": urllib.parse.quote(name)}

    async def open(self) -> float:
        """For how long a worker may be silent, s."""
        self._tickets = await self._connection.jetstream().pull_subscribe_bind(
            consumer=CONSUMER, stream=self._stream
        )
        info = await self._tickets.consumer_info()
        return info.config.ack_wait or 30.0

    async def work(self, handler: Handler, silence_s: float) -> None:
        while True:
            await self._threads.room()
            try:
                [message] = await self._tickets.fetch(1, timeout=PULL_S)
            except asyncio.TimeoutError:
                continue
            if not self._threads.has_room:
                await message.nak()  # it was asked for while there was room
                continue
            try:
                ticket = _ticket_in(message.data)
            except ValueError as error:
                log.warning("A message of the queue is not a ticket (%s), and is removed.", error)
                await message.term()  # whoever takes it finds the same
                continue
            beat = asyncio.create_task(_beat(message, silence_s / 4))
            try:
                if not await self._may_be_asked(ticket["url"]):
                    await message.term()  # if it was a ticket, it comes again with the server's address
                    continue
                await self._handle(message, ticket, handler)
                await message.ack()
            except (_Unreached, PermissionError) as error:
                await message.nak(UNREACHED_S)
                if isinstance(error, PermissionError):
                    raise
            except asyncio.CancelledError:
                with contextlib.suppress(Exception):
                    await message.nak()
                raise
            finally:
                beat.cancel()

    async def _may_be_asked(self, url: str) -> bool:
        """Whether the token may be sent there: whoever may publish to the queue's subject may write any address into a ticket."""
        if self._token.is_for(url):
            return True
        begin = time.monotonic()
        while time.monotonic() - begin < UNREACHED_S:
            try:
                data = json.dumps({"ask": "addresses"}, separators=(",", ":")).encode()
                answer = await self._connection.request(self._reports, data, timeout=ADDRESSES_S)
            except (nats.errors.TimeoutError, nats.errors.NoRespondersError):
                await asyncio.sleep(PAUSE_S)  # the server may be starting
                continue
            addresses = _addresses_in(answer.data)
            if addresses is None:
                raise PermissionError(
                    f"The server '{self._member}' does not say at which addresses it may be sent a token. "
                    "Update it, or give this worker its address in 'origins'."
                )
            self._token.told = addresses
            if self._token.is_for(url):
                return True
            log.warning(
                "A message of queue '%s' names %s, which is no address of '%s' (%s): the token is not sent there, and the message "
                "is removed. If '%s' is there, name that address in 'origins' of this worker.",
                self._queue,
                "/".join(url.split("/", 3)[:3]),
                self._member,
                ", ".join(addresses[:3]),
                self._member,
            )
            return False
        raise _Unreached

    async def _handle(self, message: Msg, ticket: dict[str, Any], handler: Handler) -> None:
        what: dict[str, Any]
        try:
            frame = await self._fetch(ticket, message.metadata.num_delivered)
            ends_at = frame.ends_at
            what = await asyncio.wait_for(self._outcome(handler, frame), ends_at - time.monotonic())
        except (_Ended, asyncio.TimeoutError):
            return  # the server has dropped it
        except _Gone as error:
            what = {"state": "gone", "why": str(error)}
            ends_at = time.monotonic() + GONE_S
        name = f"{ticket['run']}:{ticket['index']}"
        await self._report({"ticket": name, "worker": self._name, **what}, ends_at)

    async def _fetch(self, ticket: dict[str, Any], delivered: int) -> Frame:
        url = ticket["url"]
        begin = time.monotonic()
        while time.monotonic() - begin < UNREACHED_S:
            try:
                headers = {**self._headers, **self._token.header(url)}
                jpeg, remaining_ms = await self._threads.fetch(url, headers)
            except urllib.error.HTTPError as error:
                if error.code == 410:
                    raise _Ended from None
                if error.code == 404:
                    raise _Gone(_detail(error)) from None
                if 300 <= error.code < 400:
                    raise PermissionError(_redirected(url, error)) from None
                if error.code < 500:
                    raise PermissionError(f"{url} is refused: {_detail(error)}") from None
            except (OSError, http.client.HTTPException, ValueError):
                pass  # not reached, cut off, or another server's answer
            else:
                ends_at = time.monotonic() + remaining_ms / 1000
                return Frame(ticket["run"], ticket["index"], ticket["captured_at"], jpeg, ends_at)
            await asyncio.sleep(PAUSE_S)
        if delivered < MOST_DELIVERIES:
            raise _Unreached
        raise _Gone(f"the server was not reached at {url}")

    async def _outcome(self, handler: Handler, frame: Frame) -> dict[str, Any]:
        try:
            result = await self._threads.run(handler, frame)
            text = json.dumps(result, allow_nan=False)
        except GiveUp as error:
            return {"state": "gave_up", "why": str(error)[:MOST_WHY]}
        except Exception as error:
            return {"state": "failed", "why": f"{type(error).__name__}: {error}"[:MOST_WHY]}
        if len(text) > MOST_RESULT:
            why = (
                f"The result has {len(text)} characters as JSON. {MOST_RESULT} are the most of a result: "
                "put what is larger into a file, and report where it is."
            )
            return {"state": "failed", "why": why}
        return {"state": "done", "result": result}

    async def _report(self, report: dict[str, Any], ends_at: float) -> None:
        """Until the server has taken it, and has written it into its ledger then; or nobody waits for it any more."""
        while time.monotonic() < ends_at:
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


class _Token:
    """A worker's token, and where it may be sent."""

    def __init__(self, token: str | None, origins: Sequence[str]) -> None:
        self._token = token
        for one in origins:
            if _origin(one) is None:
                raise ValueError(f"'{one}' in origins is not an address like 'http://bench-1.lab:5000'")
        self._given = {_origin(one) for one in origins}
        self.told: Sequence[str] = ()
        """The addresses of the server, as it has said itself."""

    def is_for(self, url: str) -> bool:
        """Whether it is known that a request there gives the token to nobody else."""
        if not self._token:
            return True
        origin = _origin(url)
        return origin is not None and origin in {*self._given, *map(_origin, self.told)}

    def header(self, url: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token and self.is_for(url) else {}


class _Threads:
    """Threads for handlers, and others for pictures: a handler that never returns must not stop these."""

    def __init__(self, concurrency: int, name: str) -> None:
        self._handlers = concurrent.futures.ThreadPoolExecutor(concurrency + MOST_ABANDONED)
        self._pictures = concurrent.futures.ThreadPoolExecutor(concurrency)
        self._name = name
        self._abandoned = 0
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """When a ticket may be taken: not while too many handlers go on though their tickets are too old."""
        await self._room.wait()

    @property
    def has_room(self) -> bool:
        return self._room.is_set()

    async def fetch(self, url: str, headers: Mapping[str, str]) -> tuple[bytes, float]:
        return await asyncio.get_running_loop().run_in_executor(self._pictures, _get, url, headers)

    async def run(self, handler: Handler, frame: Frame) -> Any:
        if inspect.iscoroutinefunction(handler):
            return await handler(frame)
        running = asyncio.get_running_loop().run_in_executor(self._handlers, handler, frame)
        try:
            result = await asyncio.shield(running)
        except asyncio.CancelledError:
            if not running.done():
                self._abandon(running)
            raise
        return await result if inspect.isawaitable(result) else result

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


async def _beat(message: Msg, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await message.in_progress()


def _ticket_in(data: bytes) -> dict[str, Any]:
    """The ticket: whoever may publish to the queue's subject may write anything."""
    ticket = json.loads(data)
    if not isinstance(ticket, dict):
        raise ValueError("it is not an object")
    for key, kind in (("run", str), ("index", int), ("captured_at", (int, float)), ("url", str)):
        if not isinstance(ticket.get(key), kind):
            raise ValueError(f"its {key} is none")
    if not ticket["url"].startswith(("http://", "https://")):
        raise ValueError("its url is not one of HTTP")
    return ticket


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None of an address that others may read in another way."""
    if not re.fullmatch(r"https?://[A-Za-z0-9._:\[\]-]+(/\S*)?", url, re.ASCII | re.IGNORECASE):
        return None
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    return parts.scheme, parts.hostname or "", port


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token would be sent there, too."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_StayHere)


def _addresses_in(data: bytes) -> list[str] | None:
    """What a server says of itself; None of one that does not know the question."""
    try:
        return [str(one) for one in json.loads(data)["addresses"]]
    except (ValueError, KeyError, TypeError):
        return None


def _get(url: str, headers: Mapping[str, str]) -> tuple[bytes, float]:
    request = urllib.request.Request(url, headers=dict(headers))
    with _opener.open(request, timeout=FETCH_S) as response:
        remaining_ms = float(response.headers.get("ticket-remaining-ms", ""))
        if not 0 <= remaining_ms <= LONGEST_TICKET_MS:
            raise ValueError("it is not said how long the ticket has")
        jpeg = response.read(MOST_PICTURE + 1)
    if len(jpeg) > MOST_PICTURE:
        raise ValueError("the picture is too large")
    return jpeg, remaining_ms


def _redirected(url: str, error: urllib.error.HTTPError) -> str:
    to = urllib.parse.urljoin(url, error.headers.get("location") or "")
    return (
        f"{url} redirects to {'/'.join(to.split('/', 3)[:3])[:MOST_WHY]}, and redirects are not followed: a token must not go there. "
        "Give the server of the queue the address at which it answers itself, as 'url' in its 'fleet'."
    )


def _detail(error: urllib.error.HTTPError) -> str:
    text = error.read(MOST_DETAIL).decode(errors="replace")
    try:
        return str(json.loads(text)["detail"])[:MOST_WHY]
    except (ValueError, KeyError, TypeError):
        return text[:MOST_WHY]
