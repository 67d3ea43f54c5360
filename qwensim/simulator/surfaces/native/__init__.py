"""The native API of text and multimodal generation."""
