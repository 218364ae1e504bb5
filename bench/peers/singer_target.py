"""The plainest singer target that singer-sdk allows: each record a line of JSON; run by the peer's interpreter."""

import json
from pathlib import Path
from typing import Any

from singer_sdk import BatchSink, Target
from singer_sdk import typing as th


class Lines(BatchSink):
    max_size = 10_000

    def process_batch(self, context: dict[str, Any]) -> None:
        with Path(self.config["file"]).open("a", encoding="utf-8") as out:
            out.writelines(f"{json.dumps(record, default=str)}\n" for record in context["records"])


class TargetLines(Target):
    name = "target-lines"
    config_jsonschema = th.PropertiesList(th.Property("file", th.StringType, required=True)).to_dict()
    default_sink_class = Lines


if __name__ == "__main__":
    TargetLines.cli()
