"""Artefacts from Maven: single files and whole class paths."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tests.servers.cache import built, cache_root, locked, run_quietly

_REPOSITORY = Path.home() / ".m2" / "repository"
_MAVEN = ["mvn", "-q", "-B", "-ntp"]
_DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>test</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>{}</dependencies>
</project>
"""


def artefact(coordinate: str) -> Path:
    """Return the jar of `group:artifact:version`, without its dependencies."""
    group, name, version = coordinate.split(":")
    jar = _REPOSITORY / group.replace(".", "/") / name / version / f"{name}-{version}.jar"
    if not jar.exists():
        with locked("maven"):
            run_quietly(
                [*_MAVEN, "dependency:get", "-Dtransitive=false", f"-Dartifact={coordinate}"], attempts=2
            )
    return jar


def _dependency(coordinate: str, exclusions: Sequence[str]) -> str:
    group, name, version = coordinate.split(":")
    left_out = "".join(
        "<exclusion><groupId>{}</groupId><artifactId>{}</artifactId></exclusion>".format(*e.split(":"))
        for e in exclusions
    )
    return (
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId>"
        f"<version>{version}</version><exclusions>{left_out}</exclusions></dependency>"
    )


def class_path(coordinates: Sequence[str], exclusions: Sequence[str] = ()) -> str:
    """Return the Java class path of some artefacts and all of their dependencies."""
    pom = _POM.format("".join(_dependency(c, exclusions) for c in coordinates))
    name = f"classpath-{hashlib.sha256(pom.encode()).hexdigest()[:12]}"
    answer = cache_root() / name
    if not (answer.exists() and all(Path(jar).exists() for jar in answer.read_text().split(":"))):
        with locked("maven"):
            source = answer.with_suffix(".pom.xml")
            source.write_text(pom)
            goal = f"{_DEPENDENCY_PLUGIN}:build-classpath"
            draft = answer.with_suffix(".part")
            run_quietly([*_MAVEN, "-f", str(source), goal, f"-Dmdep.outputFile={draft}"], attempts=2)
            draft.rename(answer)
    return answer.read_text().strip()


def jar_folder(name: str, coordinates: Sequence[str], *, without: str, without_groups: str) -> Path:
    """Return a folder with the jars of some artefacts and of all of their dependencies.

    `without` and `without_groups` are comma-separated artefacts and groups to leave out.
    """

    def build(folder: Path) -> None:
        source = folder / "pom.xml"
        source.write_text(_POM.format("".join(_dependency(c, ()) for c in coordinates)))
        goal = f"{_DEPENDENCY_PLUGIN}:copy-dependencies"
        exclusions = [f"-DexcludeArtifactIds={without}", f"-DexcludeGroupIds={without_groups}"]
        options = [*exclusions, f"-DoutputDirectory={folder}"]
        with locked("maven"):
            run_quietly([*_MAVEN, "-f", str(source), goal, *options], attempts=2)
        source.unlink()

    return built(name, build)
