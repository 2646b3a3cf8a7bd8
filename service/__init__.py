"""The HTTP service: a clip is posted, its hashtags are answered.

A request's way: `server` -> `exchange` (ids, log, metrics, last resort) -> `keys` -> `routes` -> `uploads` (body to a
private file, limits) -> `flights` (cache, one computation a clip, bounded queue) -> `workers` (gate, pebble pools) ->
`worker` (the only code that opens an upload, in its own process) -> `results` -> back in `routes`: embedding, search.
"""
