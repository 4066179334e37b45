"""Counts the bytes of a whole process: nothing in between could without being slow itself."""

from collections.abc import Iterable
import socket
from typing import Any, Final, override

_BACKLOG: Final = 4096


class Bytes:
    """Bytes on all sockets of the internet's families of this process, as this side sees them."""

    received = 0
    sent = 0


class MeteredSocket(socket.socket):
    """A socket that counts."""

    __slots__ = ()

    @override
    def listen(self, backlog: int = 0, /) -> None:
        # Who is turned away because the queue is full tries again after a second.
        super().listen(max(backlog, _BACKLOG))

    @override
    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = super().recv(bufsize, flags)
        if self.family == socket.AF_INET:
            Bytes.received += len(data)
        return data

    @override
    def send(self, data: Any, flags: int = 0, /) -> int:
        count = super().send(data, flags)
        if self.family == socket.AF_INET:
            Bytes.sent += count
        return count

    @override
    def sendmsg(self, buffers: Iterable[Any], /, *arguments: Any) -> int:
        count = super().sendmsg(buffers, *arguments)
        if self.family == socket.AF_INET:
            Bytes.sent += count
        return count


def install() -> None:
    """Let every socket that is made from now on count."""
    socket.socket = MeteredSocket  # type: ignore[misc]
