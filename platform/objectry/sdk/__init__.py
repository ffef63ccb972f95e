"""What a plugin may import: declarations, contexts, values."""
