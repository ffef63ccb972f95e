"""The files a release is made from, named by their content without being understood."""

import hashlib
from pathlib import Path

from objectry.metadata.model.files import source_files


def source_hash(root: Path) -> str:
    """SHA-256 of the files of a project, templates too; raises OSError where one can't be read.

    Files that differ may still say the same (a comment, another order): their release tells.
    """
    digest = hashlib.sha256()
    for name, path in source_files(root):
        content = path.read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
