"""Takes tickets of a work queue, fetches their frames over HTTP, and reports what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import logging
import os
import socket
import time
import urllib.parse
from typing import Any, Mapping, Sequence

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from .handlers import Frame, GiveUp, Handler, Handlers
from .pictures import Pictures, Refused, Token, redirected

__all__ = ["Frame", "GiveUp", "Handler", "run_worker", "worker"]

log = logging.getLogger("thingscope")

# The server's side of these is in src/adapters/nats/work.
CONSUMER = "workers"
MOST_DELIVERIES = 5
PULL_S = 5.0
REPORT_S = 5.0
ADDRESSES_S = 2.0
PAUSE_S = 0.5
UNREACHED_S = 5.0
LONGEST_PAUSE_S = 5.0
GONE_S = 60.0
MOST_NAME = 100
MOST_AT_ONCE = 1000


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
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or not 1 <= concurrency <= MOST_AT_ONCE:
        raise ValueError(f"concurrency is how many frames a worker works on at a time: a whole number from 1 to {MOST_AT_ONCE}")
    handlers = Handlers(handler, concurrency, called)
    pictures = Pictures(concurrency)
    token_of = Token(token, origins)
    pause, told = PAUSE_S, ""  # the same is told once
    while True:
        connection = Client()
        lost = asyncio.Event()

        async def on_closed() -> None:
            lost.set()

        latest: list[Exception] = []

        async def on_error(error: Exception, latest: list[Exception] = latest) -> None:
            log.debug("NATS: %s", error)
            latest[:] = [error]

        try:
            # What nats-py sends after it has reconnected is for tickets that others have by then.
            await connection.connect(
                servers=list(servers),
                name=f"thingscope worker {called}",
                allow_reconnect=False,
                closed_cb=on_closed,
                error_cb=on_error,
                # By default it would try for two minutes, and say nothing.
                **{"max_reconnect_attempts": 1, "reconnect_time_wait": 0.1, **(connect or {})},
            )
            desk = _Desk(connection, fleet, member, queue, called, token_of, handlers, pictures)
            silence_s = await desk.open()
            pause, told = PAUSE_S, ""
            loops = [asyncio.create_task(desk.work(silence_s)) for _ in range(concurrency)]
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
            reason = _reason(error, latest, servers, f"'{member}' of the fleet '{fleet}' has no queue '{queue}'")
            if reason != told:
                log.warning("Worker '%s' gets no tickets: %s", called, reason)
            told = reason
        finally:
            with contextlib.suppress(Exception):
                await connection.close()
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)


def _reason(error: Exception, latest: Sequence[Exception], servers: Sequence[str], no_queue: str) -> str:
    """Why there are no tickets, and what to do."""
    if isinstance(error, nats.js.errors.NotFoundError):
        return f"{no_queue}. Start that server, or check 'member', 'queue' and 'fleet' of this worker, which begins when the queue is there."
    if isinstance(error, nats.errors.NoServersError):
        why = latest[0] if latest else error
        return f"No NATS server of {', '.join(servers)} can be used ({why}). Check 'servers' and 'connect'."
    return str(error)


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
        token: Token,
        handlers: Handlers,
        pictures: Pictures,
    ) -> None:
        self._connection = connection
        self._member = member
        self._queue = queue
        self._token = token
        self._stream = f"thingscope_work~{fleet}~{member}~{queue}"
        self._reports = f"thingscope.{fleet}.{member}.work.{queue}.reports"
        self._name = name
        self._handlers = handlers
        self._pictures = pictures
        self._headers = {"Worker": urllib.parse.quote(name)}

    async def open(self) -> float:
        """For how long a worker may be silent, s."""
        self._tickets = await self._connection.jetstream().pull_subscribe_bind(
            consumer=CONSUMER, stream=self._stream
        )
        info = await self._tickets.consumer_info()
        return info.config.ack_wait or 30.0

    async def work(self, silence_s: float) -> None:
        while True:
            await self._handlers.room()
            try:
                [message] = await self._tickets.fetch(1, timeout=PULL_S)
            except asyncio.TimeoutError:
                continue
            if not self._handlers.has_room:
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
                await self._handle(message, ticket)
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

    async def _handle(self, message: Msg, ticket: dict[str, Any]) -> None:
        what: dict[str, Any]
        try:
            frame = await self._fetch(ticket, message.metadata.num_delivered)
            ends_at = frame.ends_at
            what = await self._handlers.outcome(frame, self._connection.max_payload)
        except (_Ended, asyncio.TimeoutError):
            return  # the server has dropped it
        except _Gone as error:
            what = {"state": "gone", "why": str(error)}
            ends_at = time.monotonic() + GONE_S
        name = f"{ticket['run']}:{ticket['index']}"
        await self._report({"ticket": name, "worker": self._name, **what}, ends_at)

    async def _fetch(self, ticket: dict[str, Any], delivered: int) -> Frame:
        url = ticket["url"]
        why = ""
        begin = time.monotonic()
        while time.monotonic() - begin < UNREACHED_S:
            try:
                headers = {**self._headers, **self._token.header(url)}
                jpeg, remaining_ms = await self._pictures.fetch(url, headers)
            except Refused as refused:
                if refused.status == 410:
                    raise _Ended from None
                if refused.status == 404:
                    raise _Gone(refused.detail) from None
                if 300 <= refused.status < 400:
                    raise PermissionError(redirected(url, refused.location)) from None
                if refused.status < 500:
                    raise PermissionError(f"{url} is refused: {refused.detail}") from None
                why = f" (it answered {refused.status})"
            except (OSError, http.client.HTTPException, ValueError) as error:
                why = f" ({error})"  # not reached, cut off, or another server's answer
            else:
                ends_at = time.monotonic() + remaining_ms / 1000
                return Frame(ticket["run"], ticket["index"], ticket["captured_at"], jpeg, ends_at)
            await asyncio.sleep(PAUSE_S)
        if delivered < MOST_DELIVERIES:
            raise _Unreached
        raise _Gone(f"the server was not reached at {url}{why}")

    async def _report(self, report: dict[str, Any], ends_at: float) -> None:
        """Until the server has taken it, and has written it into its ledger then; or nobody waits for it any more."""
        while time.monotonic() < ends_at:
            try:
                data = json.dumps(report).encode()
                answer = await self._connection.request(self._reports, data, timeout=REPORT_S)
                said = _said_in(answer.data)
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


def _said_in(data: bytes) -> dict[str, Any]:
    """What a server says of a report."""
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    return said if isinstance(said, dict) and "outcome" in said else {"outcome": "retry"}


def _addresses_in(data: bytes) -> list[str] | None:
    """What a server says of itself; None of one that does not know the question."""
    try:
        return [str(one) for one in json.loads(data)["addresses"]]
    except (ValueError, KeyError, TypeError):
        return None
