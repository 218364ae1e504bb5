"""docs/connectors.md says every word of the manifest language, in the section of the model it belongs to."""

import re
from pathlib import Path

import pytest

from entrepot.sdk import manifest  # noqa: F401 - importing it makes all sections known
from entrepot.sdk.manifest_terms import Section

TEXT = (Path(__file__).parents[2] / "docs" / "connectors.md").read_text()
PARAGRAPHS = {"Scheme": "Permission", "Manifest": "Manifest"}


def _sections(model=Section):
    for below in model.__subclasses__():
        yield below
        yield from _sections(below)


def _documented(name: str) -> str:
    heading = "Paging" if name.endswith("Paging") or name == "OnePage" else PARAGRAPHS.get(name, name)
    found = re.search(rf"^(#+) {heading}\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/connectors.md has no section {heading}"
    return found[2]


@pytest.mark.parametrize("model", list(_sections()), ids=lambda model: model.__name__)
def test_every_word_is_documented(model):
    own = [field for field in model.model_fields if field in model.__annotations__]
    text = _documented(model.__name__)
    assert [word for word in own if f"`{word}`" not in text and f"`{word}:" not in text] == []


def test_the_example_in_the_documentation_is_a_good_manifest(tmp_path):
    from entrepot.sdk.manifest_file import examine

    example = TEXT.split("```yaml\n")[1].partition("```")[0]
    path = tmp_path / "manifest.yaml"
    path.write_text(example)
    assert examine(path).problems == []
