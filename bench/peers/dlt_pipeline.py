"""dlt into DuckDB as fast as it goes: parquet load files, a flat schema, appending; run by the peer's interpreter.

`dlt_pipeline.py ADDRESS FOLDER`: the pipeline's state and the database live in FOLDER, so a second run is incremental.
Appending spares it the merge; a changed record then stands twice, which is better than it deserves here.
"""

import sys
from pathlib import Path

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator


@dlt.resource(name="tasks", primary_key="id", write_disposition="append", max_table_nesting=0)
def tasks(address, updated_at=dlt.sources.incremental("updated_at", on_cursor_value_missing="raise")):  # noqa: ANN001, ANN201, B008 -- the form of dlt's documentation
    client = RESTClient(
        base_url=address, paginator=PageNumberPaginator(base_page=1, page_param="page", total_path="pages")
    )
    since = {"updated_since": updated_at.last_value} if updated_at.last_value else {}
    yield from client.paginate("/tasks", params=since, data_selector="results")


def main() -> None:
    address, folder = sys.argv[1:]
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=folder,
        destination=dlt.destinations.duckdb(str(Path(folder) / "tasks.duckdb")),
        dataset_name="bench",
    )
    pipeline.run(tasks(address), loader_file_format="parquet")


if __name__ == "__main__":
    main()
