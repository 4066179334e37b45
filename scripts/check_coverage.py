"""Check that every single module of the integration is covered well, not only all on average."""

import json
from pathlib import Path
import sys

REQUIRED_PERCENT = 95.0


def poorly_covered(report: Path) -> list[str]:
    """List the modules of coverage's JSON report in which too many lines never ran."""
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    covered = {
        name: 100 * summary["covered_lines"] / summary["num_statements"]
        for name, file in files.items()
        if (summary := file["summary"])["num_statements"]
    }
    return [
        f"{name}: {percent:.1f} % of the lines are tested, {REQUIRED_PERCENT:.0f} % are needed"
        for name, percent in sorted(covered.items())
        if percent < REQUIRED_PERCENT
    ]


def main() -> int:
    """Check the report named on the command line."""
    problems = poorly_covered(Path(sys.argv[1]))
    print("\n".join(problems) or "Every module is covered.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
