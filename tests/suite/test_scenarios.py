"""The suite's own stories come true."""

from pathlib import Path

from objectry.metadata.loader import load_tree
from tests.server import objectry

ROOT = Path(__file__).parents[2]


def test_every_scenario_comes_true(tmp_path: Path) -> None:
    """As somebody runs them: in a throw-away database."""
    told = objectry("test", "--project", str(ROOT), "--state", str(tmp_path / "state"))
    scenarios = load_tree(ROOT).definitions.scenarios
    assert len(scenarios) >= 16
    assert f"{len(scenarios)} scenarios: all came true" in told
    assert all(name in told for name in scenarios)
