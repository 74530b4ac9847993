"""Charts as Plotly figures. Colours and greys are chosen to be read on light paper and on dark screens alike."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go  # type: ignore[import-untyped]

from flowtrail_reports.model import Bars, LineChart
from flowtrail_reports.visible import visible

if TYPE_CHECKING:
    from flowtrail_reports.model import Timeline, Tone

INK = "#7b8794"
GRID = "rgba(123,135,148,0.22)"
LINES = ("#3b82c4", "#d9822b", "#2f9e6e", "#a463bf", "#c9504f", "#8a7a5c", "#3aa6a6", "#b0578d")
TONES: dict[Tone, str] = {"error": "#d64545", "warning": "#d9962b", "good": "#2f9e6e", "unknown": INK}
PATTERNS = ("", "/", "x", ".", "-", "+")
MOST_LABEL = 60


def figure(chart: LineChart | Timeline | Bars) -> dict[str, Any]:
    """Return a chart's figure as plain values."""
    if isinstance(chart, Bars):
        drawn = _bars(chart)
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
