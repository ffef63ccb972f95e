"""Transitions and conversions: commands of their own kind."""
