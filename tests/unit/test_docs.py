from pathlib import Path

import pytest

from cdc import config
from cdc.plugin import Plugin, PluginKind
from tools import docs


class DuckConfig(config.Config):
    url = config.string("duck.url", doc="Where it <lives> | swims, as `scheme://<host>`.", group="Connection")
    password = config.password("duck.password", "quack", doc="The word.", group="Connection")
    mode = config.choice("mode", ("loud", "still"), "loud", doc="How.", aliases=("old.mode",), group="Talk")
    ponds = config.names("ponds", ("a", "b"), doc="Which.", group="Talk")


class Duck:
    """Write records to a duck.

    It must be awake.
    """

    config_class = DuckConfig


PLUGIN = Plugin(PluginKind.SINK, "duck", ("org.pond.DuckConnector",), Duck)


def test_a_page_tells_names_options_and_defaults_but_no_secret() -> None:
    page = docs.page(PLUGIN)
    assert page.partition("\n")[2] == (
        "# duck\n"
        "\n"
        "Write records to a duck.\n"
        "\n"
        "It must be awake.\n"
        "\n"
        "Named by `connector.class`: `duck`, `org.pond.DuckConnector`.\n"
        "\n"
        "## Connection\n"
        "\n"
        "| option | type | default | importance | meaning |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `duck.url` | string | **required** | medium | "
        "Where it &lt;lives> \\| swims, as `scheme://<host>`. |\n"
        "| `duck.password` | password |  | medium | The word. |\n"
        "\n"
        "## Talk\n"
        "\n"
        "| option | type | default | importance | meaning |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `mode` | string | `loud` | medium | How. Values: `loud`, `still`. Old name: `old.mode`. |\n"
        "| `ponds` | list | `a,b` | medium | Which. |\n"
    )


def test_the_index_links_each_page() -> None:
    assert "- [duck](sinks/duck.md): Write records to a duck.\n" in docs.index([PLUGIN])


def test_missing_changed_and_left_over_pages_are_stale_until_written(tmp_path: Path) -> None:
    wanted = {"README.md": "new", "sinks/duck.md": "duck"}
    (tmp_path / "README.md").write_text("old")
    (tmp_path / "gone.md").write_text("gone")
    assert docs.stale(tmp_path, wanted) == ["README.md", "gone.md", "sinks/duck.md"]
    docs.write(tmp_path, wanted)
    assert docs.stale(tmp_path, wanted) == []


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_own_plugins_have_pages(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "REFERENCE", tmp_path)
    assert docs.main(arguments) == len(arguments)
    assert ("is stale" in capsys.readouterr().out) == bool(arguments)
