"""Patterns that checks, published schemas and codecs share, in the syntax all engines know."""

# Someone, an @, a domain with a dot; no white space, brackets, quotes or second @.
EMAIL = r'^[^@\s<>()\[\],;:"\\]{1,64}@[^@\s<>()\[\],;:"\\.]+(\.[^@\s<>()\[\],;:"\\.]+)+$'
COUNTRY = "^[A-Z]{2}$"
CURRENCY = "^[A-Z]{3}$"
# A language, a script, a region; parts of other kinds are not taken.
LANGUAGE = "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$"
COLOR = "^#[0-9A-Fa-f]{6}$"
IBAN = "^[A-Za-z0-9 ]{15,50}$"
VAT_ID = "^[A-Za-z0-9 .-]{4,30}$"
PHONE = r"^ *\+[ -~]{3,39}$"
# A web address without user and password (they'd make another host look like this one), or a
# mailto: with one address. Other schemes can run code where somebody clicks.
URL = (
    r'^(https?://[^\s/?#@<>"\\^`{|}]+([/?#][^\s<>"\\^`{|}]*)?'
    r'|mailto:[^@\s<>"\\^`{|}?&,;]{1,64}@[^@\s<>"\\^`{|}?&,;/.]+(\.[^@\s<>"\\^`{|}?&,;/.]+)+)$'
)
TIME = "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
DURATION = (
    "^-?P([0-9]{1,12}W)?([0-9]{1,12}D)?(T(-?[0-9]{1,12}H)?(-?[0-9]{1,12}M)?(-?[0-9]{1,12}S)?)?$"
)
