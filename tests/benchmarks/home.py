"""A whole Home Assistant in a fresh process, in which one arm is measured.

Prints what it found as one line of JSON.
"""

from argparse import ArgumentParser, Namespace
import asyncio
import contextlib
import json
import logging
from pathlib import Path
import sys
from typing import Final

from homeassistant import bootstrap
from homeassistant.runner import RuntimeConfig, create_event_loop

from scripts.home import prepare

from .arms import ARMS
from .control import Control, connected
from .phases import Phases
from .spec import Found, Spec

CONFIGURATION: Final = """\
homeassistant: {latitude: 52, longitude: 5, unit_system: metric, time_zone: UTC}
logger: {default: error}
"""
RECORDER: Final = "recorder:\n"


async def measure(
    spec: Spec, folder: Path, port: int, control: Control | None
) -> Found:
    """Measure in a Home Assistant that is started for it."""
    prepare(folder, port)
    (folder / "configuration.yaml").write_text(
        CONFIGURATION + (RECORDER if spec.case.recorder else "")
    )
    sys.path.insert(0, str(folder))  # as if Home Assistant had been started in there
    hass = await bootstrap.async_setup_hass(
        RuntimeConfig(config_dir=str(folder), skip_pip=True)
    )
    assert hass is not None, "Home Assistant starts"
    await hass.async_start()
    arm = ARMS[spec.arm](hass, spec.case, control)
    await arm.prepare()
    await hass.async_block_till_done()
    try:
        return await Phases(hass, arm, control, spec).run()
    finally:
        await hass.async_stop(force=True)


async def _run(arguments: Namespace) -> None:
    spec = Spec.from_json(arguments.spec)
    async with contextlib.AsyncExitStack() as stack:
        control = (
            await stack.enter_async_context(connected(arguments.control))
            if arguments.control
            else None
        )
        found = await measure(spec, arguments.folder, arguments.port, control)
    print(json.dumps(found.to_json()), flush=True)


def _arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("spec", help="as JSON")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control", type=Path)
    return parser.parse_args()


def main() -> None:
    """Measure one thing."""
    logging.captureWarnings(capture=True)
    with asyncio.Runner(loop_factory=create_event_loop) as runner:
        runner.run(_run(_arguments()))


if __name__ == "__main__":
    main()
