"""The HTTP interface: routes, what they take and answer, uploads, health, and the page for people."""
