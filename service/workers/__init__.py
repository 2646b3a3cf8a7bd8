"""Worker processes: one call for all copies of a clip, the pool that it waits for, and the fork server."""
