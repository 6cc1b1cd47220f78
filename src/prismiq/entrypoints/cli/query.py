"""``prismiq query``."""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.result import EncodedResult
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.result_encoding import encode_result
from prismiq.entrypoints.cli.cells import read_rows
from prismiq.entrypoints.cli.csv_format import csv_lines
from prismiq.entrypoints.cli.query_file import parse_query
from prismiq.entrypoints.cli.table_format import result_table
from prismiq.entrypoints.cli.terminal import messages, print_table, write
from prismiq.entrypoints.engine import PrismiqEngine
from prismiq.entrypoints.settings import Settings

_NUMERIC = {TypeFamily.INTEGER, TypeFamily.NUMERIC, TypeFamily.FLOAT}


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def query(
    file: Annotated[str, typer.Argument(help="A file with a query in JSON; - for standard input.")],
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """Answer a query on the terminal. JSON is what the server would send, CSV is exact."""
    result = asyncio.run(_execute(parse_query(_read(file))))
    _print(result, output_format)
    batch = result.batch
    if batch.truncated:
        messages.print(f"Only the first {batch.row_count:,} rows: more follow.", style="yellow")


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}.") from error


async def _execute(definition: QueryDefinition) -> EncodedResult:
    async with PrismiqEngine.from_options(Settings()) as engine:
        return await engine.queries.execute(definition, engine.default_scope)


def _print(result: EncodedResult, output_format: Format) -> None:
    columns = [output.name for output in result.outputs]
    match output_format:
        case Format.JSON:
            write(encode_result(result).decode())
        case Format.CSV:
            for line in csv_lines(columns, read_rows(result.batch.rows_json)):
                write(line)
        case Format.TABLE:
            numeric = [output.family in _NUMERIC for output in result.outputs]
            print_table(result_table(columns, numeric, read_rows(result.batch.rows_json)))
