"""Stress: the promises of the service, each held against a real server under load (`make stress`)."""
