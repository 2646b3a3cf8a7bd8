"""Tags a back catalogue: many clips, on this machine or on a Ray cluster, into Parquet files.

A run (`batch.run`) divides its clips into shards. Each shard (processed by `batch.local` here, by `batch.on_ray` on a
cluster) is one file; its clips are encoded as in the service (`batch.tagging`).
"""
