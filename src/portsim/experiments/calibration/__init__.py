"""Calibration: what published figures, or those a user observed, say of the unknown numbers of a scenario.

Read in this order: `question` (what is asked), `reading` (a calibration file), `comparing` (whether a figure and a
measure are of the same thing), `playing` (replications at points), `emulator`, `likelihood` and `posterior` (the
inference), `verdicts` (what it says of each number), `calibrate` (all of it).
"""

from portsim.experiments.calibration.calibrate import RUNS, Calibration, Prediction, calibrate
from portsim.experiments.calibration.journal import Journal
from portsim.experiments.calibration.question import Question
from portsim.experiments.calibration.reading import read_question, shipped_calibrations
from portsim.experiments.calibration.verdicts import Finding

__all__ = [
    "RUNS",
    "Calibration",
    "Finding",
    "Journal",
    "Prediction",
    "Question",
    "calibrate",
    "read_question",
    "shipped_calibrations",
]
