"""The HTTP service: a clip is posted, its hashtags are answered; docs/service.md draws a request's way.

`server` -> `exchange` (ids, log, metrics, last resort) -> `keys` -> `limits` (size and time of bodies) -> `routes` ->
`uploads` (body to a private file) -> `flights` (cache, one computation a clip, bounded queue) -> `workers` (the gate)
-> `process` (a pebble pool of one) -> `worker` (the only code that opens an upload, in its own process) -> `results`
-> back in `routes`: embedding, search.
"""
