"""Sounds: reading and resampling of files, log-mel spectrograms and their augmentation."""
