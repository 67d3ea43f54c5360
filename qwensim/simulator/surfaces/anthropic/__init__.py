"""The Anthropic protocol: messages and the count of their tokens."""
