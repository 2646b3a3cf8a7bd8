"""Requests byte by byte, over a bare socket."""

import socket
import time

from tests.service.running import Running


def speak(server: Running, *sent: bytes, pause: float = 0.0) -> tuple[int, bytes]:
    """Send bytes over a bare socket, with pauses between them; return the status and all that came back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        for part in sent:
            try:
                connection.sendall(part)
            except OSError:
                break
            time.sleep(pause)
        received = b""
        while data := connection.recv(65536):
            received += data
    return int(received.split(b" ", 2)[1]) if received else 0, received


def head(*headers: str, path: str = "/v1/hashtags") -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]).encode()
