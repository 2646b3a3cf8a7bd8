"""ASGI middleware around every request: its context (ID, log line, metrics), its API key, the limits on its body."""
