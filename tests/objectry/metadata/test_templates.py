"""Templates of printed pages stand beside their layouts, and belong to the release."""

from pathlib import Path

from objectry.metadata.loader import load_documents, load_tree
from objectry.registry import make_release
from objectry.registry.source import source_hash

SHOP = "service: shop\n---\nobject: customer\nservice: shop\nfields: {name: {type: text}}\n"
LETTER = "layout: customer.letter\nobject: customer\nkind: print\ntemplate: letter.html\n"


def project(root: Path, template: str | bytes) -> Path:
    for folder in ("objects/shop", "layouts/shop"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "objects/shop/shop.yaml").write_text(SHOP)
    (root / "layouts/shop/letter.yaml").write_text(LETTER)
    content = template if isinstance(template, bytes) else template.encode()
    (root / "layouts/shop/letter.html").write_bytes(content)
    return root


def test_the_text_of_a_template_is_part_of_the_layout(tmp_path: Path) -> None:
    """A server needs no files."""
    loaded = load_tree(project(tmp_path, "<p>{{ record.name }}</p>"))
    layout = loaded.definitions.layouts["customer.letter"]
    assert list(loaded.findings) == []
    assert (layout.template, layout.body) == ("letter.html", "<p>{{ record.name }}</p>")


def test_a_changed_template_is_another_release(tmp_path: Path) -> None:
    """Also where only the files are compared."""
    before = load_tree(project(tmp_path, "<p>One</p>")).definitions
    source = source_hash(tmp_path)
    after = load_tree(project(tmp_path, "<p>Two</p>")).definitions
    assert make_release(before).id != make_release(after).id
    assert source_hash(tmp_path) != source


def test_a_template_that_is_no_text_is_told(tmp_path: Path) -> None:
    """At the byte where it ends to be one; the layout says that it lacks it."""
    found = load_tree(project(tmp_path, b"<p>\xff</p>")).findings
    assert [f"{finding.position} {finding.code}" for finding in found] == [
        "layouts/shop/letter.html:1:4 OBJ0108",
        "layouts/shop/letter.yaml:4:11 OBJ0650",
    ]


def test_no_file_of_another_folder_is_read(tmp_path: Path) -> None:
    """Neither above nor below, nor by the name of the whole system."""
    project(tmp_path, "x")
    (tmp_path / "secret.html").write_text("secret")
    for name in (
        "../../secret.html",
        "../shop/letter.html",
        str(tmp_path / "secret.html"),
        "/etc/passwd",
    ):
        (tmp_path / "layouts/shop/letter.yaml").write_text(LETTER.replace("letter.html", name))
        loaded = load_tree(tmp_path)
        assert [finding.code for finding in loaded.findings] == ["OBJ0650"], name
        assert loaded.definitions.layouts["customer.letter"].body == ""


def test_a_template_among_texts_is_found_by_its_name() -> None:
    """Beside the file that names it."""
    files = {"a/shop.yaml": SHOP, "a/letter.yaml": LETTER, "a/letter.html": "<p>A</p>"}
    assert load_documents(files).definitions.layouts["customer.letter"].body == "<p>A</p>"
    moved = {"a/shop.yaml": SHOP, "a/letter.yaml": LETTER, "b/letter.html": "<p>A</p>"}
    assert [finding.code for finding in load_documents(moved).findings] == ["OBJ0650"]
