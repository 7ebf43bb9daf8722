"""Finding the pairs of two folders, or of one folder that holds both kinds, by the names of their files."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from mfjax.errors import MfjaxError
from mfjax.pairing import patterns, tags
from mfjax.pairing.folders import File, NoImagesError, beside, read_folder, sides
from mfjax.pairing.names import PathKey, natural_key
from mfjax.pairing.pairs import Matches, Pair, listed
from mfjax.pairing.patterns import Patterns, check_patterns
from mfjax.pairing.tags import Inferred

Keyed = tuple[File, str, Sequence[str | PathKey]]
"""A file, the name that a pair with it gets, and keys: both files of a pair have one in common."""

ALIKE = "give both files of a pair one name"
FLAGS = (
    "say how they are named, such as --pattern '{name}_T.JPG' '{name}_W.JPG' (infrared first), or list the pairs in a "
    "file, --pairs LIST.csv"
)


def find_pairs(
    ir: Path,
    vis: Path | None = None,
    *,
    pattern: Patterns | None = None,
    recursive: bool = False,
    flags: bool = False,
) -> Matches:
    """Returns the pairs of two folders, or of one with both kinds of images: files with equal names but for a tag.

    Files of two folders are paired if their names are equal; then if they are without words such as ir, thermal, vis or
    rgb; and if no file has a partner so, by what all infrared names and all visible names have in one place, which is
    noted in a line. In every case the rest of both names must be equal, numbers by value: `ir_7` matches `vis_007`.
    Suffixes don't matter. In one folder, words tell which files are infrared.

    Args:
        ir: the folder of infrared images; without `vis`, one folder with both kinds, or with a folder for each.
        vis: the folder of visible images.
        pattern: the forms of infrared and visible names, instead of what is said above; see `Patterns`.
        recursive: also search sub-folders, whose names are a part of their files' names.
        flags: messages may propose the flags `--pattern`, `--pairs` and `--recursive`, which the command has.

    Raises:
        MfjaxError: a folder has no images, there is no pair, or nothing tells infrared from visible images.
    """
    if pattern is not None:
        check_patterns(pattern)
    if vis is not None and ir.resolve() == vis.resolve():
        vis = None
    for folder in (ir, vis or ir):
        if not folder.is_dir():
            raise MfjaxError(f"{folder} is not a folder; pairs are those of two folders, or of one with both kinds")
    ignored: list[str | None] = []
    if vis is None and pattern is None and (both := sides(ir)):
        ignored.append(beside(ir, both))
        ir, vis = both
    hint = "; --recursive reads them" if flags else ""
    try:
        contents = [read_folder(folder, recursive=recursive, hint=hint) for folder in (ir, vis) if folder is not None]
    except NoImagesError as error:
        if vis is not None:
            raise
        raise MfjaxError(f"{error}; it needs two folders, such as ir and vis, or images of both kinds") from error
    files, way_out = [content.files for content in contents], FLAGS if flags else ALIKE
    if pattern is not None:
        found = _by_pattern(files[0], files[-1], pattern)
    elif vis is not None:
        found = _of_two(files[0], files[1])
    else:
        found = _of_one(ir, files[0], way_out)
    if not found.pairs:
        where = f"{ir} and {vis}" if vis is not None else str(ir)
        advice = "leave one of each there" if found.twins else f"if they are pairs, {way_out}"
        raise MfjaxError(f"no pairs in {where}: {'; '.join(found.problems)}; {advice}")
    ignored += [content.note for content in contents]
    pairs = sorted(found.pairs, key=lambda pair: natural_key(pair.name))
    return replace(found, pairs=pairs, notes=[*found.notes, *filter(None, ignored)])


def mixed_up(ir: Path, vis: Path, results: Iterable[Path]) -> list[Path]:
    """Returns the results of two files that would be taken for sources if the folders of these were fused.

    Args:
        ir: the infrared file.
        vis: the visible one.
        results: files beside them or elsewhere. Of one folder with both kinds, those that its names tell to be neither
            are taken for none.

    Raises:
        MfjaxError: with the results in their folders, the two files would be no pair any more.
    """
    folders = [path.parent.resolve() for path in (ir, vis)]
    among = [path for path in results if path.parent.resolve() in folders]
    found = _found([ir, vis], folders)
    if not among or found is None or not found.pairs:
        return []
    mixed = _found([ir, vis, *among], [*folders, *(path.parent.resolve() for path in among)])
    if mixed is None or not any({ir, vis} <= set(pair[1:]) for pair in mixed.pairs):
        names = " and ".join(path.name for path in among)
        raise MfjaxError(
            f"{names} beside the source {ir.name} or {vis.name} would keep their folders from being fused, since "
            "names would no longer tell which is which; choose another name or folder"
        )
    taken = {
        *mixed.lone_ir,
        *mixed.lone_vis,
        *chain(*mixed.twins),
        *(path for pair in mixed.pairs for path in pair[1:]),
    }
    return [path for path in among if path in taken]


def _found(files: Sequence[Path], folders: Sequence[Path]) -> Matches | None:
    """Returns the pairs of some files, of which the first is infrared and the second visible; None if that fails.

    Args:
        files: the files.
        folders: the folder of each.
    """
    named = [File(path.stem, path) for path in files]
    try:
        if folders[0] == folders[1]:
            return _of_one(folders[0], named, ALIKE)
        return _of_two(*([file for file, at in zip(named, folders, strict=True) if at == one] for one in folders[:2]))
    except MfjaxError:
        return None


def _of_two(ir: Sequence[File], vis: Sequence[File]) -> Matches:
    """Returns the pairs of files whose kinds are known."""
    equal = _match([(file, file.text, [file.text]) for file in ir], [(file, file.text, [file.text]) for file in vis])
    bare = _by_words(_files(equal.lone_ir, ir), _files(equal.lone_vis, vis))
    found = replace(bare, pairs=equal.pairs + bare.pairs, twins=equal.twins + bare.twins)
    inferred = [] if found.pairs else tags.infer(ir, vis)
    if len(inferred) != 1:
        return found
    if tags.is_reliable(inferred[0]):
        return _by_inferred(ir, vis, inferred[0])
    if tags.are_swapped(inferred[0]):
        (one, other), (text, other_text) = inferred[0].examples, inferred[0].texts
        raise MfjaxError(
            f"infrared names have {text!r} and visible ones {other_text!r}, such as {one.text} and {other.text}: "
            "give the folders in the other order, infrared first"
        )
    return found


def _of_one(folder: Path, files: Sequence[File], way_out: str) -> Matches:
    """Returns the pairs of files of which words in their names tell the kinds."""
    for infrared, visible in ((tags.INFRARED, tags.VISIBLE), (tags.INFRARED_HINTS, tags.VISIBLE_HINTS)):
        ir, vis, strange = _kinds(files, infrared, visible)
        if not ir or not vis:
            continue
        if infrared is tags.INFRARED:
            found = _by_words(ir, vis)
            if found.pairs:
                return replace(found, strange=[file.path for file in strange])
        inferred = tags.infer(ir, vis)
        if not strange and len(inferred) == 1 and tags.is_reliable(inferred[0]):
            return _by_inferred(ir, vis, inferred[0])
    unknown = tags.divide(files)
    if unknown is None:
        return Matches([], strange=[file.path for file in files])
    names = " and ".join(file.path.name for file in files if file in unknown.examples)
    raise MfjaxError(
        f"{folder} has two kinds of images, such as {names}, but nothing tells which is infrared; {way_out}"
    )


def _kinds(
    files: Iterable[File], infrared: frozenset[str], visible: frozenset[str]
) -> tuple[list[File], list[File], list[File]]:
    """Returns the infrared and the visible files by words in their names, and the others, if both kinds have words."""
    kinds: tuple[list[File], list[File], list[File]] = ([], [], [])
    for file in files:
        is_ir, is_vis = (bool(tags.words_among(file, words)) for words in (infrared, visible))
        kinds[2 if is_ir == is_vis else int(is_vis)].append(file)
    ir, vis, others = kinds
    if not vis:  # house_infrared beside house
        return ir, others, []
    return (ir, vis, others) if ir else (others, vis, [])


def _by_words(ir: Sequence[File], vis: Sequence[File]) -> Matches:
    """Returns the pairs of files whose names are equal, or would be if one or both were without known words."""
    keyed: list[list[Keyed]] = []
    for files, words in ((ir, tags.INFRARED), (vis, tags.VISIBLE)):
        spans = [tags.words_among(file, words) for file in files]
        keyed.append([(file, file.rest(of), [file.key(), file.key(of)]) for file, of in zip(files, spans, strict=True)])
    return _match(*keyed)


def _by_inferred(ir: Sequence[File], vis: Sequence[File], found: Inferred) -> Matches:
    """Returns the pairs of files whose names are equal without inferred tags, and notes these."""
    keyed: list[list[Keyed]] = []
    for files, tag in ((ir, found.one), (vis, found.other)):
        spans = [tag.spans(file) or [] for file in files]
        keyed.append([(file, file.rest(of), [file.key(of)]) for file, of in zip(files, spans, strict=True)])
    (one, text), (other, other_text) = sorted(zip(("infrared", "visible"), found.texts, strict=True), key=_has_no_text)
    those = f"those with {other_text!r}" if other_text else "those without"
    return replace(_match(*keyed), notes=[f"{one} images are those with {text!r} in their names, {other} ones {those}"])


def _has_no_text(kind_and_text: tuple[str, str]) -> bool:
    return not kind_and_text[1]


def _by_pattern(ir: Sequence[File], vis: Sequence[File], pattern: Patterns) -> Matches:
    """Returns the pairs of files whose names have the form of two patterns."""
    found = [patterns.named(files, form) for files, form in zip((ir, vis), pattern, strict=True)]
    for matches, files, form in zip(found, (ir, vis), pattern, strict=True):
        if not matches:
            raise MfjaxError(f"no image is named like {form!r}, such as {files[0].text}{files[0].path.suffix}")
    if both := {file.path for file, _ in found[0]} & {file.path for file, _ in found[1]}:
        raise MfjaxError(f"{min(both)} is named like {pattern[0]!r} and like {pattern[1]!r}")
    others = {file.path for file in chain(ir, vis)} - {file.path for file, _ in chain(*found)}
    notes = [f"ignored images that are named like neither pattern: {listed(others)}"] if others else []
    matched = _match(*([(file, name.text, [name.key()]) for file, name in matches] for matches in found))
    return replace(matched, notes=notes)


def _match(ir: Iterable[Keyed], vis: Iterable[Keyed]) -> Matches:
    """Returns the pairs of files that have a key in common, with one another and with no other file."""
    alike: dict[str | PathKey, list[Keyed]] = {}  # by each key the files that it connects, which share one list
    ir, vis = list(ir), list(vis)
    for each in (*ir, *vis):
        groups = {id(group): group for key in each[2] if (group := alike.get(key)) is not None}
        together = [each, *chain(*groups.values())]
        alike |= {key: together for one in together for key in one[2]}
    infrared = {file.path for file, *_ in ir}
    found = Matches([])
    for group in {id(group): group for group in alike.values()}.values():
        ones = [each for each in group if each[0].path in infrared]
        others = [each for each in group if each[0].path not in infrared]
        if ones and others and len(group) > 2:
            found.twins.append([file.path for file, *_ in group])
        elif ones and others:
            found.pairs.append(Pair(others[0][1] or "fused", ones[0][0].path, others[0][0].path))
        else:
            found.lone_ir.extend(file.path for file, *_ in ones)
            found.lone_vis.extend(file.path for file, *_ in others)
    return found


def _files(paths: Iterable[Path], files: Sequence[File]) -> list[File]:
    """Returns the files that some paths name."""
    wanted = set(paths)
    return [file for file in files if file.path in wanted]
