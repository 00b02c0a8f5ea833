"""Text columns to token ids: vocabulary, pretrained tokenizers, tags."""
