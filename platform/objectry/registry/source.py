"""The files a release is made from, named by their content without being understood."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from objectry.metadata.model.files import source_files


def source_hash(root: Path, packages: Mapping[str, Path] | None = None) -> str:
    """SHA-256 of the files of a project, templates too, and of the packages it stands on.

    Raises OSError where one can't be read.

    Files that differ may still say the same (a comment, another order): their release tells.
    """
    digest = hashlib.sha256()
    found = list(source_files(root))
    for package, folder in (packages or {}).items():
        found += [(f"{package}/{name}", path) for name, path in source_files(folder)]
    for name, path in found:
        content = path.read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
