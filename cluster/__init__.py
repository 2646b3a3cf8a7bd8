"""The connection to a Ray cluster, for work that is too much for one machine (`batch.on_ray`, `training.on_ray`)."""
