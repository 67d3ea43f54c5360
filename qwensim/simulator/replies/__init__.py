"""What the model says: scripts, a seeded talker, valid JSON and tool arguments, token counts."""
