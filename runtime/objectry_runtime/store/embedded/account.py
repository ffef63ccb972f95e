"""Who PostgreSQL runs as: it refuses root, so root hands it to a service account."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from objectry_runtime.store.database import DatabaseUnusable

SERVICE_ACCOUNTS = ("objectry", "postgres", "nobody")


class Account(msgspec.Struct, frozen=True):
    """An account PostgreSQL may run as; `switch` when that is not who we are."""

    name: str
    uid: int
    gid: int
    switch: bool

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a command as this account and collect what it says; never raises for its failure."""
        words = [str(word) for word in command]
        try:
            if self.switch:
                return subprocess.run(
                    words,
                    capture_output=True,
                    text=True,
                    cwd="/",
                    user=self.uid,
                    group=self.gid,
                    extra_groups=[],
                )
            return subprocess.run(words, capture_output=True, text=True, cwd="/")
        except OSError as error:
            return subprocess.CompletedProcess(words, 127, "", str(error))

    def reaches(self, folder: Path) -> bool:
        """Whether the account may enter the folder, asked by trying."""
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0

    def own(self, path: Path) -> None:
        """Make a folder or file of ours the account's, closed to everybody else."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        if self.switch:
            os.chown(path, self.uid, self.gid)


def account_for(state: Path, data: Path) -> Account:
    """The account for a data folder: we ourselves, or for root its owner or a service account.

    Data that is not there yet will belong to the state folder's owner, unless that is root.
    """
    if os.geteuid() != 0:
        me = os.geteuid()
        if data.exists() and data.stat().st_uid != me:
            raise DatabaseUnusable(
                f"{data} belongs to another account ({_name(data.stat().st_uid)}). "
                "Run as that account or as root, or name another folder with --state."
            )
        return Account(_name(me), me, os.getegid(), switch=False)
    for folder in (data, state):
        if folder.exists() and (found := folder.stat()).st_uid != 0:
            return Account(_name(found.st_uid), found.st_uid, found.st_gid, switch=True)
    for name in SERVICE_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, switch=True)
    raise DatabaseUnusable(
        "PostgreSQL doesn't run as root, and there is no account to run it as. "
        f"Create one of {', '.join(SERVICE_ACCOUNTS)}, e.g. with: useradd --system objectry"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
