"""Patterns that checks, published schemas and codecs share, in the syntax all engines know."""

# Someone, an @, a domain with a dot; no white space, brackets, quotes or second @.
EMAIL = r'^[^@\s<>()\[\],;:"\\]{1,64}@[^@\s<>()\[\],;:"\\.]+(\.[^@\s<>()\[\],;:"\\.]+)+$'
COUNTRY = "^[A-Z]{2}$"
CURRENCY = "^[A-Z]{3}$"
