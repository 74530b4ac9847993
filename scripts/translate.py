"""Writes questions/translated.sql: the relations in SQLite's words, made from the same files that DuckDB runs.

    uv run python scripts/translate.py            translate every relation anew
    uv run python scripts/translate.py --check    change nothing; exit with 1 if something would change

A question about a few events looks at some dozen spans. DuckDB spends a hundred times longer on planning its relations
than on running them, whatever is prepared; SQLite plans them once. `questions/sql/*.sql` stays the one definition:
SQLGlot reads it, this script says how each construct is written for SQLite, and a construct that it does not know is an
error and no guess. Types are taken from DuckDB itself, so that rows look alike whichever of the two answers.

In SQLite ids are hex text and lists are JSON (see questions/narrow.py, which holds the functions that SQLite lacks).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from flowtrail_collector.questions.narrow import AGGREGATES, DECODED, FUNCTIONS
from flowtrail_collector.questions.relations import RELATIONS, sql_of
from flowtrail_collector.questions.views import view_sql
from flowtrail_collector.store import schema

TARGET = Path(__file__).resolve().parents[1] / "collector/flowtrail_collector/questions/translated.sql"
HEAD = "-- Written by scripts/translate.py from sql/*.sql: do not edit.\n"
LEFT_OUT = frozenset({"spans"})
"""Read by people only, never part of a verdict."""
NATIVE = frozenset(
    [
        *("abs", "coalesce", "count", "dense_rank", "exists", "json_array", "json_each", "json_group_array", "lag"),
        *("length", "lower", "max", "min", "nullif", "round", "row_number", "substring", "sum"),
    ]
)
"""Functions that SQLite has under the same name; `generate_series` is the scope's own."""


class UntranslatedError(Exception):
    """SQL that this script does not know how to write for SQLite."""


def translated(sql: str) -> str:
    """Return a relation's SELECT in SQLite's words. Raises UntranslatedError for what has no translation."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    _unnest(tree)
    for node in reversed(list(tree.walk())):
        other = _rewritten(node)
        if other is not node:
            node.replace(other)
    for function in tree.find_all(exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
        known = name.lower() in NATIVE | FUNCTIONS.keys() | AGGREGATES.keys() | {"generate_series"}
        if not known and not isinstance(function, (exp.Connector, exp.Case, exp.Cast, exp.Exists, exp.If)):
            raise UntranslatedError(f"no translation for {function.sql(dialect='duckdb')}")
    return str(tree.sql(dialect="sqlite", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE))


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _nullif(gathered: exp.Expr) -> exp.Expr:
    return exp.Nullif(this=gathered, expression=exp.Literal.string("[]"))


def _unnest(tree: exp.Expr) -> None:
    """Turn `unnest(list) AS u(name)` into `json_each(list) AS u`, and `u.name` into `u.value`."""
    for node in list(tree.find_all(exp.Unnest)):
        alias = node.args["alias"]
        (column,) = alias.columns
        for read in tree.find_all(exp.Column):
            if read.table == alias.name and read.name == column.name:
                read.replace(exp.column("value", table=alias.name).as_(read.name) if _selected(read) else
                             exp.column("value", table=alias.name))  # fmt: skip
        table = exp.Table(this=_call("json_each", node.expressions[0]), alias=exp.TableAlias(this=alias.this))
        node.replace(table)


def _selected(read: exp.Column) -> bool:
    return isinstance(read.parent, exp.Select) and read in read.parent.expressions


def _rewritten(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Array():
            return _call("json_array", *node.expressions)
        case exp.ArrayAgg():
            # DuckDB's list of no rows is null.
            gathered = _call("json_group_array", node.this)
            return gathered if isinstance(node.parent, exp.Filter) else _nullif(gathered)
        case exp.Filter() if node.this.name == "json_group_array":
            return _nullif(node.copy())
        case exp.ArraySort():
            return _call("list_sort", node.this)
        case exp.ArrayDistinct():
            return _call("list_distinct", node.this)
        case exp.ArrayConcat():
            return _call("list_concat", node.this, *node.expressions)
        case exp.ArrayContains():
            return _call("list_contains", node.this, node.expression)
        case exp.ArrayFilter():
            kept = node.expression
            if not (isinstance(kept, exp.Lambda) and isinstance(kept.this, exp.Not)):
                raise UntranslatedError(f"only x IS NOT NULL filters a list: {node.sql(dialect='duckdb')}")
            return _call("list_present", node.this)
        case exp.ArrayToString():
            return _call("array_to_string", node.this, node.expression)
        case exp.Flatten():
            return _call("flatten", node.this)
        case exp.Bracket():
            (index,) = node.expressions
            # SQLGlot counts from 0, SQL from 1.
            return _call("list_extract", node.this, exp.Literal.number(int(index.this) + 1))
        case exp.Split():
            return _call("string_split", node.this, node.expression)
        case exp.GenerateSeries():
            return _call("generate_series", node.args["start"], node.args["end"])
        case exp.SplitPart():
            return _call("split_part", node.this, node.args["delimiter"], node.args["part_index"])
        case exp.RegexpLike():
            return _call("regexp_matches", node.this, node.expression)
        case exp.ArgMin():
            return _call("arg_min", node.this, node.expression)
        case exp.ArgMax():
            return _call("arg_max", node.this, node.expression)
        case exp.Least():
            return _call("least", node.this, *node.expressions)
        case exp.Greatest():
            return _call("greatest", node.this, *node.expressions)
        case exp.LogicalOr():
            return exp.Max(this=node.this)
        case exp.LogicalAnd():
            return exp.Min(this=node.this)
        case exp.LowerHex(this=exp.Expr() as id_):
            return id_
        case exp.ILike():
            like = exp.Like(this=exp.Lower(this=node.this), expression=exp.Lower(this=node.expression))
            return exp.Not(this=exp.Paren(this=like)) if node.args.get("negate") else like
        case exp.NullSafeEQ():
            return exp.Is(this=node.this, expression=node.expression)
        case exp.NullSafeNEQ():
            return exp.Not(this=exp.Is(this=node.this, expression=node.expression))
        case exp.TryCast() if node.to.is_type("bigint", "int"):
            return _call("to_integer", node.this)
        case exp.Cast():
            text = node.to.is_type("varchar", "text")
            return exp.Cast(this=node.this, to=exp.DataType.build("text")) if text else node.this
        case exp.IgnoreNulls() | exp.Star(args={"except_": [_, *_]}):
            raise UntranslatedError(f"SQLite has no {node.sql(dialect='duckdb')}")
    return node


def columns() -> dict[str, str]:
    """Return the columns of every relation with their types, as DuckDB gives them."""
    connection = duckdb.connect()
    schema.create(connection)
    found: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for name in RELATIONS:
        if name not in LEFT_OUT:
            rows = connection.execute(f"DESCRIBE {view_sql(name)}").fetchall()
            found[name] = ", ".join(f"{column} {kind}" for column, kind, *_ in rows)
            for column, kind, *_ in rows:
                if kinds.setdefault(column, kind) != kind and {kind, kinds[column]} & DECODED.keys():
                    raise SystemExit(
                        f"sql/{name}.sql: {column} is {kind} here and {kinds[column]} elsewhere; rename it"
                    )
    return found


def written() -> str:
    """Return the text of the file."""
    kinds = columns()
    parts = [HEAD]
    for name, told in kinds.items():
        try:
            parts.append(f"-- relation: {name}\n-- columns: {told}\n{translated(sql_of(name))}\n")
        except (UntranslatedError, sqlglot.errors.SqlglotError) as error:
            raise SystemExit(f"sql/{name}.sql: {error}") from error
    return "\n".join(parts)


def main() -> None:
    """Write the file, or tell whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something would change")
    text = written()
    if parser.parse_args().check:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            sys.exit(f"{TARGET.name} is not what sql/*.sql says; run `uv run python scripts/translate.py`")
        return
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.name}")


if __name__ == "__main__":
    main()
