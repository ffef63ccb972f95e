"""Principal and policy → row rules, and the one gate per (field, use)."""
