"""The HTTP service: post a clip, get hashtags.

A request passes `protocol` (HTTP), `middleware` (context, API key, limits on the body) and `api.routes`, which lets it
in (`admission`), receives the clip (`api.uploads`) and has it encoded (`workers.singleflight`, then `workers.pool` and
`workers.process`) by `models.sandbox.worker`, the only code that opens an upload, in a process of its own. Embedding
and search follow on a thread of this process (`compute`). `startup` begins all this; `lifecycle` holds the parts.
"""
