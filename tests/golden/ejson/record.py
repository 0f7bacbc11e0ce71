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
_MONGO_KAFKA = "org.mongodb.kafka:mongo-kafka-connect:2.0.1"


def main() -> None:
    """Compile the recorder into Debezium's package, whose classes it needs, and write the cases."""
    folder = scratch("ejson")
    libraries = f"{source_plugins()}/*:{runtime()}:{artefact(_MONGO_KAFKA)}"
    subprocess.run(
        [shutil.which("javac") or "javac", "-cp", libraries, "-d", folder, HERE / "EjsonRecorder.java"],
        check=True,
    )
    documents = list(cases())
    done = subprocess.run(
        ["java", "-cp", f"{folder}:{libraries}", "io.debezium.connector.mongodb.EjsonRecorder"],
        input="\n".join(document.hex() for _, document in documents) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    with RECORDED.open("w") as out:
        for (name, document), answer in zip(documents, answers, strict=True):
            out.write(json.dumps({"name": name, "bson": document.hex(), **answer}, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
