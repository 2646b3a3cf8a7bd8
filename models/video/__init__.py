"""A clip file on its way to grey frames: recognised by its bytes, decoded within limits, its luma set upright."""
