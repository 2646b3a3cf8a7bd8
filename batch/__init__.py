"""Tags a back catalogue: many clips, on this machine or on a Ray cluster, into Parquet files.

A run (`batch.run`) divides its clips into shards. Whoever works on a shard (`batch.local` here, `batch.on_ray` on a
cluster) encodes each clip as the service does (`batch.tagging`) and writes the shard as one file.
"""
