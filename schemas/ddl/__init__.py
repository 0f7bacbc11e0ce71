"""MySQL's and MariaDB's DDL: from statements to changes of table definitions."""

from schemas.ddl.errors import UnparseableDdl
from schemas.ddl.lexer import Dialect
from schemas.ddl.parser import parse
from schemas.ddl.schema import Schema, Session, UnknownTable

__all__ = ["Dialect", "Schema", "Session", "UnknownTable", "UnparseableDdl", "parse"]
