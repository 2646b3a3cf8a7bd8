"""The sandbox for untrusted clips: a confined worker process, and the results that it returns."""
