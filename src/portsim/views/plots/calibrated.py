"""Picture `posterior`: each unknown number and every two of them together, with what the priors leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from portsim.experiments.calibration import Calibration
from portsim.views.plots.letters import Letters
from portsim.views.plots.paper import GREY, INK, PALE, SERIES, SMALL_PT, TEXT_PT, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 7
"""Numbers that have room on a sheet."""


def draw_pairs(calibration: Calibration) -> Figure:
    """Draw the first numbers of a calibration: distributions on the diagonal, draws of two of them below it.

    Each axis spans the prior; the grey line is the density of the prior.
    """
    findings = calibration.findings[:MOST]
    count = len(findings)
    letters = Letters.of([calibration.question.name, *(one.parameter.name for one in findings)])
    figure = new_figure(16.0 if count > 2 else 9.0)
    panels = figure.subplots(count, count, squeeze=False)
    spans = [(float(one.parameter.prior.value(0.0)), float(one.parameter.prior.value(1.0))) for one in findings]
    for row in range(count):
        for column in range(count):
            ax = panels[row, column]
            if column > row:
                ax.set_visible(False)
                continue
            dress(ax)
            ax.tick_params(labelsize=SMALL_PT)
            draws = calibration.values[:, column]
            ax.set_xlim(*spans[column])
            if row == column:
                prior = findings[column].parameter.prior.value((np.arange(4000) + 0.5) / 4000)
                bins = np.linspace(*spans[column], 41)
                ax.hist(draws, bins=bins, density=True, color=SERIES[0], alpha=0.75)
                ax.hist(prior, bins=bins, density=True, histtype="step", color=GREY, linewidth=0.9)
                ax.set_yticks([])
                ax.set_title(letters(findings[column].verdict), fontsize=TEXT_PT, color=INK)
            else:
                ax.plot(draws, calibration.values[:, row], ".", color=SERIES[0], markersize=1.2, alpha=0.5)
                ax.set_ylim(*spans[row])
                ax.grid(color=PALE, linewidth=0.5)
            if row == count - 1:
                ax.set_xlabel(_label(calibration, column), fontsize=SMALL_PT)
            else:
                ax.set_xticklabels([])
            if column == 0 and row > 0:
                ax.set_ylabel(_label(calibration, row), fontsize=SMALL_PT)
            elif column > 0:
                ax.set_yticklabels([])
    return figure


def _label(calibration: Calibration, place: int) -> str:
    parameter = calibration.findings[place].parameter
    unit = parameter.prior.unit
    return parameter.name.replace("_", " ") + (f", {unit}" if unit else "")
