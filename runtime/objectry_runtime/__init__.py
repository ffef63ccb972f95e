"""The execution side of Objectry: serves one published Release."""
