"""Worker processes: one computation a clip, a pool that clips wait for, and its fork server."""
