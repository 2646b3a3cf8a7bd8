"""From a clip file to frames: container detection, decoding within limits, upright luma, a few pictures in colour."""
