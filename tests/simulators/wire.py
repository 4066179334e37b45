"""Small helpers about answers on the wire."""

import json
import socket
import struct

from aiohttp import hdrs, web

from .json_types import Json


class NoAnswer(web.Response):
    """Stands for an answer that never reaches the client: its connection is gone."""


class Refusal(Exception):
    """Ends a handler with this answer."""

    def __init__(self, response: web.Response) -> None:
        """Keep the answer for the middleware that sends it."""
        super().__init__(response.status)
        self.response = response


def reset_transport(request: web.BaseRequest) -> None:
    """Cut the connection with a TCP reset."""
    transport = request.transport
    if transport is None:
        return
    # Lingering for zero seconds makes the kernel send a reset instead of an orderly end.
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def no_answer(request: web.BaseRequest) -> NoAnswer:
    """Reset the connection and tell so to the machinery of the simulator."""
    reset_transport(request)
    return NoAnswer()


def json_answer(value: Json, status: int = 200) -> web.Response:
    """Answer JSON in the compact form that embedded servers write."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return web.Response(
        status=status, body=text.encode(), content_type="application/json"
    )


def body_of(response: web.Response) -> bytes:
    """Bytes of an answer that was not sent yet."""
    body = response.body
    return bytes(body) if isinstance(body, (bytes, bytearray)) else b""


def with_body(response: web.Response, body: bytes) -> web.Response:
    """Copy of an answer with another body."""
    headers = response.headers.copy()
    headers.popall(hdrs.CONTENT_LENGTH, None)
    return web.Response(status=response.status, body=body, headers=headers)


def is_upgrade(request: web.BaseRequest) -> bool:
    """Whether the request is the handshake of a WebSocket."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
