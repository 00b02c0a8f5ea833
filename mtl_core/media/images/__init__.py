"""Pictures: decoding of files, augmentation and normalization of batches."""
