"""Prints a report to a PDF by Qt, which brings fonts for every script; in a process of its own, so that nothing waits.

As a module it reads ``{"html": …, "figures": {name: SVG}}`` from standard input and writes the file that it is given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from mtl_core.errors import EnvironmentFault, shorten
from mtl_core.files import atomic_write

_SECONDS = 300
_MARGIN_MM, _RESOLUTION = 14, 300
_SHARPNESS = 3
"""Pixels of a figure for each of its units."""


def print_pdf(html: str, figures: Mapping[str, str], path: Path) -> None:
    """Print a page to a PDF file; its figures are given as SVG by the names that it asks for.

    Raises:
        EnvironmentFault: Qt does not start here, or the file cannot be written.
    """
    with atomic_write(path) as new:
        command = [sys.executable, "-m", __name__, str(new)]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        data = json.dumps({"html": html, "figures": dict(figures)})
        try:
            ended = subprocess.run(
                command,
                input=data.encode(),
                capture_output=True,
                env=environment,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _fault(path, f"printing took over {_SECONDS} seconds") from None
        if ended.returncode or not new.stat().st_size:
            raise _fault(
                path,
                shorten(
                    ended.stderr.decode(errors="replace").strip().rpartition("\n")[2] or "Qt ended without a reason",
                    300,
                ),
            )


def _fault(path: Path, reason: str) -> EnvironmentFault:
    return EnvironmentFault(str(path), "the PDF cannot be printed", found=reason, fix="Write .html instead.")


def main() -> int:
    """Print what standard input has to the file named by the first argument."""
    from PySide6.QtCore import QByteArray, QMarginsF, QPointF, QRectF, QSizeF, QUrl
    from PySide6.QtGui import QGuiApplication, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter, QTextDocument
    from PySide6.QtSvg import QSvgRenderer

    data = json.loads(sys.stdin.buffer.read())
    application = QGuiApplication(sys.argv[:1])
    writer = QPdfWriter(sys.argv[1])
    writer.setCreator("MTL Workbench")
    writer.setResolution(_RESOLUTION)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageOrientation(QPageLayout.Orientation.Landscape)
    writer.setPageMargins(QMarginsF(*[_MARGIN_MM] * 4), QPageLayout.Unit.Millimeter)
    document = QTextDocument()
    document.setDefaultFont(application.font())
    for name, svg in data["figures"].items():
        renderer = QSvgRenderer(QByteArray(svg.encode()))
        image = QImage(renderer.defaultSize() * _SHARPNESS, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill("white")
        image.setDevicePixelRatio(_SHARPNESS)
        painter = QPainter(image)
        renderer.render(painter, QRectF(QPointF(), QSizeF(renderer.defaultSize())))
        painter.end()
        document.addResource(QTextDocument.ResourceType.ImageResource, QUrl(name), image)
    document.setHtml(data["html"])
    document.setPageSize(QSizeF(writer.width(), writer.height()) * 96 / _RESOLUTION)
    document.print_(writer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
