"""The catalogue of error codes: what each means and what its reader can do.

The documentation page is made from it, `GET /errors/{name}` answers from it, and a test keeps every
code that the runtime raises in it.
"""

import msgspec


class ErrorCode(msgspec.Struct, frozen=True, kw_only=True):
    """A stable code of problem+json: its status, its sentence, and the way out."""

    code: str
    status: int
    title: str
    advice: str

    @property
    def slug(self) -> str:
        """The last part of the problem's `type`."""
        return "validation" if self.code == "validation_failed" else self.code


ERRORS: dict[str, ErrorCode] = {}


def _error(code: str, status: int, title: str, advice: str) -> None:
    ERRORS[code] = ErrorCode(code=code, status=status, title=title, advice=advice)


def type_of(code: str) -> str:
    """The `type` of a problem: an address on the server that gave it, which explains the code.

    Relative, as RFC 9457 allows: the page is there without the internet, and of the same version.
    """
    known = ERRORS.get(code)
    return f"/errors/{known.slug if known else code}"


_error(
    "unauthorized",
    401,
    "Credentials are missing or not valid.",
    "Send `Authorization: Bearer <api key>`. A key is made by `objectry key create NAME --role"
    " ROLE`; it is shown once. Revoked and expired keys answer the same.",
)
_error(
    "forbidden",
    403,
    "You may not do this.",
    "The record can be read, but none of your roles allows the action on it. The object's"
    " `permissions` name the roles that may.",
)
_error(
    "not_found",
    404,
    "There is no such thing.",
    "It does not exist, or you may not know that it does: both answer the same.",
)
_error(
    "method_not_allowed",
    405,
    "The method is not allowed here.",
    "The `Allow` header names the ones that are.",
)
_error(
    "bad_path",
    400,
    "The path can't be read.",
    "Paths are percent-encoded UTF-8 without control characters.",
)
_error(
    "bad_query",
    400,
    "The query can't be read.",
    "Parameters are percent-encoded UTF-8; the detail names the one that is wrong and what would be"
    " right.",
)
_error(
    "address_too_long",
    414,
    "The address is too long.",
    "Filter by fewer values at a time.",
)
_error(
    "body_too_large",
    413,
    "The body is too large.",
    "Send it in parts, or raise `limits.body_bytes_max` in objectry.toml;"
    " of files `limits.file_bytes_max`.",
)
_error(
    "body_timeout",
    408,
    "The body did not come.",
    "Send the whole request at once. A proxy in between may have held it back.",
)
_error(
    "head_timeout",
    408,
    "The request did not come.",
    "Its address and headers are waited for 30 seconds. Send the request again, at once.",
)
_error(
    "head_too_large",
    431,
    "The request's head is too large.",
    "Send shorter headers and a shorter address: 64 KiB of both together are taken.",
)
_error(
    "unsupported_media_type",
    415,
    "The body has a type that is not taken here.",
    "Send `Content-Type: application/json`; PATCH takes `application/merge-patch+json` too.",
)
_error(
    "bad_header",
    400,
    "A header can't be read.",
    "The detail names the header and what it takes.",
)
_error(
    "bad_request",
    400,
    "The request can't be read.",
    "The detail says what is wrong with it.",
)
_error(
    "validation_failed",
    422,
    "The record has errors.",
    "`errors` lists all of them at once, each with the JSON pointer of its place, a code and a"
    " message.",
)
_error(
    "invalid_json",
    400,
    "The body is not JSON.",
    "The detail says where and why. A key may stand once in an object; text is UTF-8.",
)
_error(
    "idempotency_mismatch",
    422,
    "The Idempotency-Key was used for another body.",
    "A key names one request for 30 days. Send the same body, or take a new key.",
)
_error(
    "precondition_failed",
    412,
    "The record has changed since it was read.",
    "`If-Match` names an older version. Read the record again and decide anew.",
)
_error(
    "precondition_required",
    428,
    "The write must say which version it changes.",
    "The object asks for `If-Match` with the `ETag` of the version that was read.",
)
_error(
    "stale",
    409,
    "Others kept changing the record.",
    "Nothing was kept. Try again; with `If-Match` you learn at once when somebody was faster.",
)
_error(
    "transition_refused",
    409,
    "The transition is not possible now.",
    "The record is in another state, or the transition's `when` does not hold; the detail says"
    " which.",
)
_error(
    "already_approved",
    409,
    "You have approved this already.",
    "Nobody counts twice, neither by themselves nor through the roles they lend. `GET …/approvals`"
    " shows what is missing.",
)
_error(
    "approval_not_needed",
    409,
    "Your approval is not needed any more.",
    "Enough people of your roles have approved. `GET …/approvals` shows which roles are missing.",
)
_error(
    "four_eyes",
    403,
    "Somebody else must do this.",
    "The transition has `four_eyes`: neither the record's owner nor who made it may take it.",
)
_error(
    "conversion_refused",
    409,
    "The conversion is not possible now.",
    "The conversion's `when` does not hold for the record; the detail says why.",
)
_error(
    "merge_refused",
    409,
    "The two can't be one record.",
    "Records that refer to the two would then have the same values in what must be unique. Change "
    "or delete one of those first.",
)
_error(
    "nothing_open",
    409,
    "Nothing is left to convert.",
    "Every quantity of the record was carried over already, or the record as a whole. "
    "What was cancelled is given back.",
)
_error(
    "referenced",
    409,
    "Other records link to the record.",
    "Delete or change those first; the detail says of which object they are.",
)
_error(
    "converted",
    409,
    "The record was converted.",
    "Records were made from it. Cancel or delete those first.",
)
_error(
    "gapless_number",
    409,
    "A record with a gapless number can't be deleted.",
    "Its number would be missing. Cancel it by a transition instead.",
)
_error(
    "unique_taken",
    409,
    "Another record took what this one must have for itself.",
    "While the record was deleted its unique values were free. Change or delete the record that "
    "has them now, then restore.",
)
_error(
    "immutable",
    409,
    "The record can't be changed any more.",
    "The object's `immutable` holds for it. What may still change stands under `except` there.",
)
_error(
    "number_taken",
    409,
    "The number is taken.",
    "The series was set back, or numbers were entered by hand. `objectry verify` tells more.",
)
_error(
    "unavailable",
    503,
    "The database can't be reached.",
    "Try again after the seconds in `Retry-After`. For a write, send the same `Idempotency-Key`: it"
    " is done once, whatever happened to the first attempt.",
)
_error(
    "service_away",
    503,
    "Another service does not answer.",
    "What is linked to, or asked for, belongs to a service that can't be reached now. Nothing was"
    " kept: try again after the seconds in `Retry-After`.",
)
_error(
    "timeout",
    503,
    "The database took too long.",
    "Nothing was kept. Narrow the query, or try again later.",
)
_error(
    "busy",
    503,
    "Others were writing the same records.",
    "Nothing was kept. Try again after the seconds in `Retry-After`.",
)
_error(
    "template_failed",
    422,
    "The print template has a mistake.",
    "The detail names the line. A template uses the names and filters of the printing page; it may"
    " not reach into Python, and shows images only where they stand in it (`data:`).",
)
_error(
    "template_limit",
    422,
    "The document takes too much time or memory, or gets too long.",
    "What printed it was stopped; nothing else was touched. Mend the template, or print less.",
)
_error(
    "printing_unavailable",
    503,
    "This server can't print.",
    "A PDF wants the libraries of Pango on the server, or `pip install objectry[pdf]` there;"
    " `objectry doctor` says what is missing. HTML can be had meanwhile (`format=html`).",
)
_error(
    "bad_file",
    422,
    "The file can't be taken.",
    "It is empty, or its bytes are not of the type that its `Content-Type` names.",
)
_error(
    "file_lost",
    500,
    "What the file held is missing.",
    "It is not in the server's folder of files (`files_folder`), which backups of the database do"
    " not include; bring it back there from a backup of its own.",
)
_error(
    "plugin_failed",
    500,
    "A plugin failed.",
    "A computed field's function raised or gave what its field can't hold; nothing was kept. The"
    " server's log has the cause under the request id.",
)
_error(
    "internal",
    500,
    "Something went wrong on our side.",
    "The server's log has the cause under the request id; nothing of it is shown here.",
)
