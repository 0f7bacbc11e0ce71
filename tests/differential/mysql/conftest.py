"""A seed for each test, and no database left behind."""

from tests.faults.conftest import seed
from tests.integration.mysql.conftest import no_database_left

__all__ = ["no_database_left", "seed"]
