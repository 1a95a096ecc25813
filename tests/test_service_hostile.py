"""Hostile requests are refused with the right status, and the service stays alive; the kinds are those of the script."""

from collections.abc import Iterator

import pytest

from tests.bench.hostile_requests import KINDS, OPTIONS, SSRF, is_alive
from tests.service import fake_service, served

# Gradio sums up its queue with an option of pandas that pandas no longer wants.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(fake_service(tmp_path_factory.mktemp("service"), **OPTIONS)) as address:
        yield address


@pytest.mark.parametrize("name", KINDS)
def test_a_hostile_request_is_refused_and_the_service_lives(address: str, name: str) -> None:
    assert KINDS[name].attack(address) in KINDS[name].right
    assert is_alive(address)


def test_there_are_enough_kinds_and_addresses() -> None:
    assert len(KINDS) >= 30
    assert len(SSRF) >= 25
