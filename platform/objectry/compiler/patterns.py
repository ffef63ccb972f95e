"""Patterns that the published schemas and the codecs share, in the syntax both engines know."""

# Someone, an @, a domain with a dot; no white space, brackets, quotes or second @.
EMAIL = r'^[^@\s<>()\[\],;:"\\]{1,64}@[^@\s<>()\[\],;:"\\.]+(\.[^@\s<>()\[\],;:"\\.]+)+$'
UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
