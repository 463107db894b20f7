"""Fetches the picture of a ticket over HTTP: within a time, by no redirect, and with a token for the right server alone."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import http.client
import json
import re
import socket
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

SILENT_S = 10.0
"""A server that says nothing for so long is not reached."""
WHOLE_S = 60.0
"""From the question to the last byte: one that sends a byte now and then would hold its worker for ever."""
PIECE = 64 * 1024
MOST_PICTURE = 256 * 1024 * 1024
MOST_DETAIL = 65_536
MOST_WHY = 1000
LONGEST_TICKET_MS = 366 * 24 * 3600 * 1000.0


@dataclass(eq=False)
class Refused(Exception):
    """What a server answers that does not give a picture."""

    status: int
    detail: str
    location: str


class Pictures:
    """Threads for pictures: a handler that never returns must not stop these."""

    def __init__(self, concurrency: int) -> None:
        self._threads = concurrent.futures.ThreadPoolExecutor(concurrency)

    async def fetch(self, url: str, headers: Mapping[str, str]) -> tuple[bytes, float]:
        """
        The picture, and how long its ticket has, ms.

        Raises Refused; OSError, HTTPException or ValueError where the server is not reached.
        """
        loop = asyncio.get_running_loop()
        asked = _Asked(url, headers=dict(headers))
        limit = loop.call_later(WHOLE_S, asked.end)
        try:
            return await loop.run_in_executor(self._threads, asked.picture)
        finally:
            limit.cancel()
            asked.end()  # the thread is free then, also where nobody waits for it any more


class _Asked(urllib.request.Request):
    """One request, which may be ended by another thread."""

    connection: http.client.HTTPConnection | None = None
    sock: socket.socket | None = None
    is_over = False

    def end(self) -> None:
        self.is_over = True
        sock = self.sock or (self.connection and self.connection.sock)  # that of a TLS handshake
        if sock:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def picture(self) -> tuple[bytes, float]:
        try:
            with _opener.open(self, timeout=SILENT_S) as response:
                remaining_ms = float(response.headers.get("ticket-remaining-ms", ""))
                if not 0 <= remaining_ms <= LONGEST_TICKET_MS:
                    raise ValueError("it is not said how long the ticket has")
                jpeg = self._body(response, MOST_PICTURE + 1)
        except urllib.error.HTTPError as error:
            with error:
                text = self._reason(error)
            raise Refused(error.code, _detail(text), error.headers.get("location") or "") from None
        except Exception:
            self._check_time()  # says more
            raise
        if len(jpeg) > MOST_PICTURE:
            raise ValueError("the picture is too large")
        return jpeg, remaining_ms

    def _reason(self, error: urllib.error.HTTPError) -> str:
        try:
            return self._body(error, MOST_DETAIL).decode(errors="replace")
        except (OSError, http.client.HTTPException, ValueError):
            return ""

    def _body(self, response: Any, most: int) -> bytes:
        """Bytes as they come: one read of all would wait for as long as any come."""
        length = response.headers.get("content-length", "")
        wanted = min(most, int(length)) if length.isdigit() else most
        body = bytearray()
        while len(body) < wanted:
            self._check_time()
            part = response.read1(min(PIECE, wanted - len(body)))
            if not part:
                break
            body += part
        self._check_time()
        if length.isdigit() and len(body) < wanted:
            raise http.client.IncompleteRead(bytes(body), wanted - len(body))
        return bytes(body)

    def _check_time(self) -> None:
        if self.is_over:
            raise TimeoutError(f"the picture was not there after {WHOLE_S:g} s")


class _Ending:
    """Says which socket a request has: urllib forgets it once there is a response."""

    def do_open(self, http_class: Any, asked: _Asked, **options: Any) -> Any:
        class Connection(http_class):  # type: ignore[misc, valid-type]
            def connect(self) -> None:
                asked.connection = self
                super().connect()
                asked.sock = self.sock

        return super().do_open(Connection, asked, **options)  # type: ignore[misc]


class _Http(_Ending, urllib.request.HTTPHandler):
    pass


class _Https(_Ending, urllib.request.HTTPSHandler):
    pass


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token would be sent there, too."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_StayHere, _Http, _Https)


class Token:
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


def redirected(url: str, location: str) -> str:
    """Why a picture is not fetched from where a redirect leads, and what to do."""
    to = urllib.parse.urljoin(url, location)
    return (
        f"{url} redirects to {'/'.join(to.split('/', 3)[:3])[:MOST_WHY]}, and redirects are not followed: a token must not go there. "
        "Give the server of the queue the address at which it answers itself, as 'url' in its 'fleet'."
    )


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


def _detail(text: str) -> str:
    try:
        return str(json.loads(text)["detail"])[:MOST_WHY]
    except (ValueError, KeyError, TypeError, RecursionError):
        return text[:MOST_WHY]
