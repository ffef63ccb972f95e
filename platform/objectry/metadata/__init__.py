"""Metadata: field types, the model of definitions, the YAML loader, the checks."""
