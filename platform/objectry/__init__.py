"""The definition side of Objectry: what the business is, as immutable values."""
