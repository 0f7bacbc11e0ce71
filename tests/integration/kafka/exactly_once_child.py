"""A task that writes half a window in a transaction, says so, and waits to be killed."""

import json
import signal
import sys

from cdc.batch import Encoded
from cdc.transport.kafka import KafkaConfig, KafkaLog

worker, connector, topic = sys.argv[1:]
writer = KafkaLog(KafkaConfig(json.loads(worker))).writer(connector, 0, {})
writer.append(Encoded(topic, [b"k"] * 10, [b"committed"] * 10), lambda: None)
writer.commit({connector.encode(): b"10"}, lambda: None)
writer.append(Encoded(topic, [b"k"] * 10, [b"lost"] * 10), lambda: None)
writer._flush(lambda: None)  # type: ignore[attr-defined]
print("written", flush=True)
signal.pause()
