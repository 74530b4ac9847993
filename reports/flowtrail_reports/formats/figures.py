"""Charts as Plotly figures. Colours and greys are chosen to be read on light paper and on dark screens alike."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go  # type: ignore[import-untyped]

from flowtrail_reports.model import Bars, LineChart, Spread
from flowtrail_reports.visible import visible

if TYPE_CHECKING:
    from flowtrail_reports.model import Chart, Percentile, Timeline, Tone

INK = "#7b8794"
GRID = "rgba(123,135,148,0.22)"
LINES = ("#3b82c4", "#d9822b", "#2f9e6e", "#a463bf", "#c9504f", "#8a7a5c", "#3aa6a6", "#b0578d")
TONES: dict[Tone, str] = {"error": "#d64545", "warning": "#d9962b", "good": "#2f9e6e", "unknown": INK}
SYMBOLS = ("circle", "diamond", "square", "triangle-right")
PATTERNS = ("", "/", "x", ".", "-", "+")
MOST_LABEL = 60


def figure(chart: Chart) -> dict[str, Any]:
    """Return a chart's figure as plain values."""
    if isinstance(chart, Bars):
        drawn = _bars(chart)
    elif isinstance(chart, Spread):
        drawn = _spread(chart)
    else:
        drawn = _lines(chart) if isinstance(chart, LineChart) else _timeline(chart)
    return dict(drawn.to_plotly_json())


def _lines(chart: LineChart) -> Any:
    drawn = go.Figure(layout=_layout(chart.unit))
    for place, line in enumerate(chart.lines):
        drawn.add_scatter(
            x=list(line.times),
            y=list(line.values),
            name=_label(line.name),
            mode="lines",
            line={"color": LINES[place % len(LINES)], "width": 2.4},
            hovertemplate="%{y:,} at %{x|%H:%M:%S}",
        )
    for at, label in chart.marks:
        drawn.add_shape(
            type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line={"color": INK, "width": 1, "dash": "dot"}
        )
        drawn.add_annotation(
            x=at, y=1, yref="paper", yanchor="bottom", text=_label(label), showarrow=False, font={"size": 10}
        )
    drawn.update_layout(hovermode="x unified", yaxis_rangemode="tozero")
    return drawn


def _timeline(chart: Timeline) -> Any:
    drawn = go.Figure(layout=_layout(""))
    for stroke in chart.strokes:
        drawn.add_scatter(
            x=[stroke.begin, stroke.end],
            y=[_label(stroke.lane)] * 2,
            mode="lines+markers",
            line={"color": TONES[stroke.tone], "width": 3},
            marker={"size": [7, 11], "symbol": ["circle-open", "circle"]},
            hovertext=_label(stroke.label, 200),
            hoverinfo="text+x",
            showlegend=False,
        )
    drawn.update_layout(yaxis={"type": "category", "automargin": True, "autorange": "reversed"})
    return drawn


def _bars(chart: Bars) -> Any:
    """Draw one trace for each label; labels of one tone differ in their pattern."""
    drawn = go.Figure(layout=_layout(""))
    labels = list(dict.fromkeys((part.label, part.tone) for _, parts in chart.bars for part in parts))
    used: dict[Tone, int] = {}
    for label, tone in labels:
        pattern = PATTERNS[used.get(tone, 0) % len(PATTERNS)]
        used[tone] = used.get(tone, 0) + 1
        values = [sum(part.value for part in parts if part.label == label) for _, parts in chart.bars]
        drawn.add_bar(
            x=values,
            y=[_label(name) for name, _ in chart.bars],
            orientation="h",
            name=_label(label),
            marker={"color": TONES[tone], "pattern": {"shape": pattern, "size": 6, "solidity": 0.35}},
            hovertemplate="%{x:,} %{fullData.name}<extra>%{y}</extra>",
        )
    drawn.update_layout(
        barmode="stack",
        bargap=0.35,
        xaxis={"type": "linear", "hoverformat": None, "title": {"text": chart.unit}},
        yaxis={"type": "category", "autorange": "reversed"},
        legend={"y": -0.24, "traceorder": "normal"},
    )
    return drawn


def _spread(chart: Spread) -> Any:
    """Draw each row as a line through its percentiles, a mark for each; a band shows where the truth lies.

    On a logarithmic axis, where all are above zero: a p50 of milliseconds and a maximum of minutes stand on one page.
    """
    drawn = go.Figure(layout=_layout(""))
    names = [_label(name) for name, _ in chart.rows]
    for name, (_, marks) in zip(names, chart.rows, strict=True):
        drawn.add_scatter(
            x=[mark.value for mark in marks],
            y=[name] * len(marks),
            mode="lines",
            line={"color": INK, "width": 2},
            hoverinfo="skip",
            showlegend=False,
        )
    for place, label in enumerate(dict.fromkeys(mark.label for _, marks in chart.rows for mark in marks)):
        found = [(name, mark) for name, (_, marks) in zip(names, chart.rows, strict=True) for mark in marks]
        here = [(name, mark) for name, mark in found if mark.label == label]
        bounded = [(mark.least, mark.most, mark.value) for _, mark in here]
        drawn.add_scatter(
            x=[mark.value for _, mark in here],
            y=[name for name, _ in here],
            mode="markers",
            name=_label(label),
            marker={"color": LINES[place % len(LINES)], "symbol": SYMBOLS[place % len(SYMBOLS)], "size": 11},
            error_x={
                "type": "data",
                "array": [max(0.0, most - value) if most is not None else 0.0 for _, most, value in bounded],
                "arrayminus": [max(0.0, value - least) if least is not None else 0.0 for least, _, value in bounded],
                "color": LINES[place % len(LINES)],
                "thickness": 1,
                "width": 5,
            },
            customdata=[_truth(mark) for _, mark in here],
            hovertemplate=f"{_label(label)}: %{{x:,.3~f}} ms%{{customdata}}<extra>%{{y}}</extra>",
        )
    every = [
        value for _, marks in chart.rows for mark in marks for value in (mark.value, mark.least) if value is not None
    ]
    drawn.update_layout(
        xaxis={
            "type": "log" if min(every) > 0 else "linear",
            "hoverformat": None,
            "title": {"text": chart.unit},
            "dtick": "D2" if min(every) > 0 and max(every) < min(every) * 1000 else None,
        },
        yaxis={"type": "category", "autorange": "reversed"},
        legend={"y": -0.24, "traceorder": "normal"},
    )
    return drawn


def _truth(mark: Percentile) -> str:
    return "" if mark.least is None or mark.most is None else f", in truth {mark.least:,.3f} to {mark.most:,.3f}"


def _layout(unit: str) -> Any:
    axis = {"gridcolor": GRID, "linecolor": GRID, "zerolinecolor": GRID, "automargin": True}
    return go.Layout(
        template=None,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK, "family": "system-ui, sans-serif", "size": 12},
        margin={"l": 20, "r": 24, "t": 34, "b": 20},
        xaxis={**axis, "type": "date", "hoverformat": "%H:%M:%S.%L"},
        yaxis={**axis, "title": {"text": unit}},
        legend={"orientation": "h", "y": -0.14},
        hoverlabel={"font": {"size": 12}},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": GRID, "activecolor": INK},
    )


def _label(text: str, most: int = MOST_LABEL) -> str:
    """Make a name inert for Plotly, which reads a little HTML in all its texts."""
    shown = visible(text)
    return escape(shown if len(shown) <= most else shown[: most - 1] + "…", quote=False)
