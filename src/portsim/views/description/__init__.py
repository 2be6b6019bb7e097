"""A scenario, or a run of one, described in the order of the STRESS-DES checklist.

Monks, Currie, Onggo, Robinson, Kunc and Taylor (2019), Strengthening the reporting of empirical simulation studies:
introducing the STRESS guidelines, Journal of Simulation 13(1), 55-67. Items keep the checklist's numbers; what moves
through the model, which the checklist has a word of its own for, is called a unit here as everywhere in portsim.
"""

from __future__ import annotations

import portsim
from portsim.views.description.components import components
from portsim.views.description.document import TO_WRITE, Document, code, escape
from portsim.views.description.experimentation import experimentation
from portsim.views.description.inputs import inputs
from portsim.views.description.logic import logic
from portsim.views.description.objectives import objectives
from portsim.views.description.subject import Subject

__all__ = ["CHECKLIST", "Document", "Subject", "description"]

CHECKLIST = "https://doi.org/10.1080/17477778.2018.1442155"
"""Where the checklist was published."""


def description(subject: Subject) -> Document:
    """Everything the scenario says, item by item, and what only its author can say marked as such."""
    scenario = subject.scenario
    what = "This is what the scenario contains" if subject.manifest is None else "This is what was run"
    plan = f", with plan {code(subject.plan)}" if subject.plan else ""
    preface = (
        f"{what}{plan}, in the order of the STRESS-DES checklist for reports of simulation studies ({CHECKLIST}). It "
        f"was written by portsim {portsim.__version__} from the scenario itself.",
        f"Names in `this type` are those of the scenario file. What only the author can say is marked **{TO_WRITE}** "
        "and listed again at the end.",
    )
    sections = [
        *objectives(subject),
        *logic(subject),
        *components(subject),
        *inputs(subject),
        *experimentation(subject),
    ]
    return Document(
        title=f"{escape(scenario.name)}: what the model contains",
        scenario=scenario.name,
        plan=subject.plan,
        preface=preface,
        sections=tuple(sections),
    )
