"""Files that records have: what they hold, what they are, and what is known of each."""

from objectry_runtime.files.contents import Contents, Folder, Missing, Upload
from objectry_runtime.files.media import Misnamed, media_type
from objectry_runtime.files.names import clean_name
from objectry_runtime.files.register import FileRow, attach, content_unused, purge, register

__all__ = [
    "Contents",
    "FileRow",
    "Folder",
    "Misnamed",
    "Missing",
    "Upload",
    "attach",
    "clean_name",
    "content_unused",
    "media_type",
    "purge",
    "register",
]
