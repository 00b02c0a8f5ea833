"""Output of ``compare --rows``."""

from mtl_core.cli import output
from mtl_core.protocol.diagnostics import Disagreements

_MOST_ROWS = 20


def print_disagreements(found: Disagreements, *, as_json: bool) -> None:
    """Print the rows that two runs predict differently as a table, or as one JSON object."""
    if as_json:
        output.print_json(found.model_dump(exclude={"values": {"inputs", "input_rows"}}))
        return
    first, second = found.runs
    output.print_out(f"{found.task}: runs {first} and {second} on {found.labeled} labeled {found.split} rows")
    if found.right is not None:
        right = found.right
        output.print_out(
            f"both right {right.both}, only run {first} {right.first}, only run {second} {right.second}, "
            f"both wrong {right.neither}; McNemar's exact test p = {right.p_value:.3g}"
        )
        output.print_out(f"{found.different} rows with different predictions")
    output.print_out(f"lower loss: run {first} in {found.lower_loss[0]} rows, run {second} in {found.lower_loss[1]}")
    if not found.rows:
        return
    titles = (f"run {first}", f"run {second}", f"loss {first}", f"loss {second}")
    table = output.Table("row", "true", *titles, title="rows with the largest difference of the losses")
    for row in found.rows[:_MOST_ROWS]:
        table.add_row(str(row.row), row.true, *row.predicted, *(f"{loss:.4g}" for loss in row.losses))
    output.print_out(table)
