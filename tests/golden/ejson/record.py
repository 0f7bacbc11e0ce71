"""Record anew what the Java driver and Debezium print: `python -m tests.golden.ejson.record`.

The formatters are Debezium's and mongo-kafka's own classes, on the driver that Debezium brings along.
`java` has to be a JDK, 19 or newer: older ones print some doubles with a digit too many.
"""

import json
import shutil
import subprocess
from pathlib import Path

from tests.golden.ejson.corpus import cases
from tests.servers.connect import runtime, source_plugins
from tests.servers.maven import artefact
from tests.servers.process import scratch

HERE = Path(__file__).parent
RECORDED = HERE / "cases.jsonl"
FIELDS = HERE / "fields.jsonl"
"""Cases of field.exclude.list and field.renames; `ours` where we differ from what Debezium does."""

_MONGO_KAFKA = "org.mongodb.kafka:mongo-kafka-connect:2.0.1"


def run(program: str, lines: list[str]) -> list[str]:
    """Compile a recorder into Debezium's package, whose classes it needs, and run it over lines."""
    folder = scratch("ejson")
    libraries = f"{source_plugins()}/*:{runtime()}:{artefact(_MONGO_KAFKA)}"
    compiler = shutil.which("javac") or "javac"
    subprocess.run([compiler, "-cp", libraries, "-d", folder, HERE / f"{program}.java"], check=True)
    done = subprocess.run(
        ["java", "-cp", f"{folder}:{libraries}", f"io.debezium.connector.mongodb.{program}"],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def main() -> None:
    """Write the cases anew."""
    documents = list(cases())
    answers = run("EjsonRecorder", [document.hex() for _, document in documents])
    with RECORDED.open("w") as out:
        for (name, document), answer in zip(documents, answers, strict=True):
            out.write(json.dumps({"name": name, "bson": document.hex(), **json.loads(answer)}) + "\n")
    FIELDS.write_text("".join(f"{line}\n" for line in run("FieldsRecorder", FIELDS.read_text().splitlines())))


if __name__ == "__main__":
    main()
