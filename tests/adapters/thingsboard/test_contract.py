"""The adapter contract, kept by ThingsBoard."""

import pytest

from .conftest import Accounts
from .harness import ThingsBoardHarness

from tests.adapters.contract import AdapterContract
from tests.simulators.thingsboard import ThingsBoardSimulator


class TestThingsBoard(AdapterContract):
    """Everything that every adapter has to keep to."""

    @pytest.fixture
    def harness(
        self, thingsboard: ThingsBoardSimulator, accounts: Accounts
    ) -> ThingsBoardHarness:
        """Return the sample's administrator."""
        return ThingsBoardHarness(thingsboard, accounts)
