#!/usr/bin/env bash
# uvicorn: a client that is refused instead of getting `100 Continue` gets no answer to its next request either.
#
# Installs: uvicorn 0.54.0, h11 0.16.0 and httptools 0.8.0, in a temporary virtual environment.
# Expected: `Connection: close` in an answer that comes before the body (RFC 9110, section 10.1.1: a server should say
#   whether it closes the connection), as Node.js sends it; or an answer to the next request on that connection.
# Found: no `Connection` header, and the connection stays open. A client that keeps the body to itself, as it may, and
#   sends its next request gets no answer: the request is taken for the body. The application can send
#   `Connection: close` itself whenever it answers before it has read the whole body.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet uvicorn==0.54.0 h11==0.16.0 httptools==0.8.0
"$folder/venv/bin/python" - <<'PY'
import socket
import sys
import threading
import time
from importlib.metadata import version

import uvicorn

REFUSED = b"POST /clip HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
NEXT = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


def app(closing):
    async def answer(scope, receive, send):
        headers = [(b"content-length", b"2")]
        if scope["method"] == "POST" and closing:
            headers.append((b"connection", b"close"))
        status = 413 if scope["method"] == "POST" else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    return answer


def try_out(http, closing):
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app(closing), http=http, lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.05)
    with socket.create_connection(listener.getsockname(), timeout=3) as connection:
        connection.sendall(REFUSED)
        refusal = b""
        while not refusal.endswith(b"\r\n\r\nok"):
            refusal += connection.recv(65536)
        try:
            connection.sendall(NEXT)
            then = "an answer" if connection.recv(65536) else "closed"
        except TimeoutError:
            then = "nothing within 3 s"
        except OSError:
            then = "closed"
    server.should_exit = True
    thread.join()
    assert refusal.startswith(b"HTTP/1.1 413"), refusal
    says = "Connection: close" if b"connection: close" in refusal.lower() else "no Connection header"
    print(f"{http}, {'closing' if closing else 'plain'} application: {says}, then {then}")
    return says, then


print("uvicorn", version("uvicorn"), "h11", version("h11"), "httptools", version("httptools"))
plain = {try_out(http, False) for http in ("h11", "httptools")}
closing = {try_out(http, True) for http in ("h11", "httptools")}
if plain != {("no Connection header", "nothing within 3 s")} or closing != {("Connection: close", "closed")}:
    sys.exit("Changed: uvicorn no longer loses the request that follows a refusal.")
PY
