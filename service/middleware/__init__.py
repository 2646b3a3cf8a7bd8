"""ASGI middleware around every request, each in a file of its own; docs/architecture.md shows their order."""
