"""For people: pictures of a scored exam, and the page that shows it.

- `corcal.report.slices.axial_montage`: the axial slices with calcium, as PNG;
- `corcal.report.projection.projection`: the heart seen through, as PNG;
- `corcal.report.percentile_chart.draw_percentile_chart`: the score among percentile curves, as PNG;
- `corcal.report.overview.write_overview`: everything on one page, ``index.html``.
"""
