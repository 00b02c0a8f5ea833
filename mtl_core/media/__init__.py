"""Pictures and sounds: files to tensors, their augmentation, and the cache of what was decoded."""
