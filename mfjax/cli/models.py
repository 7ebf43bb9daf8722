"""The command `mfjax models`."""

from mfjax.weights.catalogue import LICENCE, catalogue


def models() -> int:
    """List the bundled models: their parameters, their files' size, what they are for and were trained on."""
    rows = [("name", "parameters", "file", "for")]
    rows += [(each.name, f"{each.parameters:,}", f"{each.bytes / 1e6:.1f} MB", each.purpose) for each in catalogue()]
    name, parameters, size = (max(len(row[column]) for row in rows) for column in range(3))
    for row in rows:
        print(f"{row[0]:{name}}  {row[1]:>{parameters}}  {row[2]:>{size}}  {row[3]}")
    print()
    for each in catalogue():
        print(f"{each.name} was trained on {', '.join(each.trained_on) or 'images that its file does not name'}.")
    print(LICENCE)
    return 0
