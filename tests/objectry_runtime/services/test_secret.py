"""The master key: made once, kept closed, never silently another."""

import base64
import stat
from pathlib import Path

import pytest

from objectry_runtime.services.secret import SecretProblem, load_keyring
from objectry_runtime.services.settings import Settings, read_settings

KEY = bytes(range(32))


def settings(folder: Path, **overrides: str) -> Settings:
    return read_settings(folder, environment={}, overrides=overrides)


def test_a_key_is_made_on_first_use_and_kept(tmp_path: Path) -> None:
    first = load_keyring(settings(tmp_path)).derive("cursor")
    again = load_keyring(settings(tmp_path)).derive("cursor")
    file = tmp_path / ".objectry" / "secret.key"
    assert first == again
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["secret.key"]


def test_a_key_may_be_given_in_hex_or_base64(tmp_path: Path) -> None:
    in_hex = load_keyring(settings(tmp_path, secret_key=KEY.hex()))
    in_base64 = load_keyring(settings(tmp_path, secret_key=base64.b64encode(KEY).decode()))
    assert in_hex.derive("x") == in_base64.derive("x")
    assert not (tmp_path / ".objectry").exists()


@pytest.mark.parametrize("text", ["short", "0011", "not base64 !", ""])
def test_what_is_no_key_is_refused_and_never_replaced(tmp_path: Path, text: str) -> None:
    file = tmp_path / ".objectry" / "secret.key"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(SecretProblem, match="takes at least 32 bytes"):
        load_keyring(settings(tmp_path))
    assert file.read_text() == text
