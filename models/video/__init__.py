"""From a clip file to greyscale frames: container detection, decoding within limits, upright luma."""
