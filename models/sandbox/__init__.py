"""A clip of a stranger, encoded in a process of its own: what confines that process, and how its result comes back."""
