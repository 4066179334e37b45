"""The adapter contract, kept by Thinger.io."""

import pytest

from .conftest import Accounts
from .harness import ThingerHarness

from tests.adapters.contract import AdapterContract
from tests.simulators.thinger import ThingerSimulator


class TestThinger(AdapterContract):
    """Everything that every adapter has to keep to."""

    @pytest.fixture
    def harness(self, sim: ThingerSimulator, accounts: Accounts) -> ThingerHarness:
        """Return the sample account."""
        return ThingerHarness(sim, accounts)
