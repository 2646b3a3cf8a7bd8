"""The HTTP interface: routes and their schemas, uploads, health checks, and the page for browsers."""
