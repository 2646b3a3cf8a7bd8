"""ASGI middleware that every request passes: its context (id, log line, metrics), its key, the limits on its body."""
