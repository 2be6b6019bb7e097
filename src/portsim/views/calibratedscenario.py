"""A scenario that carries what a calibration left open: the file that `portsim run` and `compare` take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from portsim import __version__, yamlfile
from portsim.experiments.calibration import Calibration
from portsim.scenario.scenario import Posterior, Unknown
from portsim.views.calibrated import number

COPIES = "scenario"
"""Folder, beside the file, of copies of the scenario it extends, where that is not one that comes with portsim."""

_OF_THE_RUN = ("from", "to", "measure_from", "seed", "records", "limits", "windows", "targets")
"""What a calibration sets to play what the figures are of; a run of its own says that for itself."""


def file_name(calibration: Calibration) -> str:
    """What the file is called: the calibration file's own name, and -calibrated."""
    return f"{Path(calibration.question.file).stem}-calibrated.yaml"


def calibrated_files(calibration: Calibration) -> dict[str, bytes]:
    """The file, and copies of what it extends, by name."""
    question = calibration.question
    copies = {f"{COPIES}/{name}": path.read_bytes() for name, path in question.copies}
    base = f"{COPIES}/{Path(question.source).name}" if question.copies else question.source
    return {file_name(calibration): scenario_text(calibration, base).encode(), **copies}


def posterior_of(calibration: Calibration) -> dict[str, Any]:
    """The values of the key `posterior` of a scenario."""
    from portsim.scenario.posterior import plain_posterior

    question = calibration.question
    posterior = Posterior(
        calibration=question.name,
        made={
            "name": question.name,
            "file": Path(question.file).name,
            "sha256": dict(question.files)[question.file],
            "portsim": __version__,
            "seed": question.seed,
            "runs": calibration.points,
            "effective": round(calibration.effective, 1),
            "figures": [
                target.fact.id if target.fact else f"{target.name}, {number(target.value)} ({target.source})"
                for target in question.targets
                if target.is_fitted
            ],
        },
        numbers=tuple(Unknown(one.name, one.sets, one.prior.unit, one.prior.is_whole) for one in question.parameters),
        draws=tuple(map(tuple, calibration.values.tolist())),
        central=0,
        load=lambda draw: question.load(question.texts(calibration.values[draw].tolist())),
    )
    plain = plain_posterior(posterior)
    settings = {
        path: yamlfile.parse(value, question.file).value
        for path, _, value in (text.partition("=") for text in question.settings)
        if path.split(".")[0] not in _OF_THE_RUN
    }
    if settings:
        plain = {"calibration": plain.pop("calibration"), "set": settings, **plain}
    return plain


def scenario_text(calibration: Calibration, base: str) -> str:
    """The text of the file.

    base : what it extends: a shipped scenario, or a file in the folder it is for
    """
    question = calibration.question
    known = [
        f"#   {one.parameter.name}: {one.verdict}, {number(one.posterior[0])} to {number(one.posterior[2])}"
        f"{' ' if one.parameter.prior.unit else ''}{one.parameter.prior.unit}"
        for one in calibration.findings
    ]
    head = [
        f"# What the figures of the calibration {yamlfile.show(question.name)} leave open, as draws of the numbers:",
        "# each replication of a run is played with one of them, the same for every plan.",
        *known,
        *([f"# The figures were compared with plan {question.plan}."] if question.plan else []),
    ]
    body = yamlfile.dump(
        {
            "portsim": 1,
            "extends": base,
            "name": f"{question.scenario.name}, calibrated",
            "posterior": posterior_of(calibration),
        }
    )
    return "\n".join(head) + "\n" + body
