"""Where there is no Playwright, there are no stories: other versions of Home Assistant come without."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]
