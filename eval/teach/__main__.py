"""Teach the reader, and write what that changes in it to ``rag/reader.npz``.

    python -m eval.teach LESSONS.jsonl… [--keep FILE] [--start FILE…]

Of each question the reader sees a few units of its passage, and is to give the highest log-odds to
the one that answers, or less than even ones to all where none does: a softmax over the units and
"none", which stands at 0. Needs torch (``pip install torch``). `--keep` writes all that was learned
after each round, for `--start` to go on from; it also goes on from what was written at the end. Of
several files the mean is taken (Wortsman et al., 2022), which ``--rounds 0`` writes as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from eval.teach.lessons import Choice, Lesson, batches, choice, read_lessons
from eval.teach.network import Network, Tensors
from rag.e5_file import Packed
from rag.errors import UsageError
from rag.prepared import packaged_file
from rag.reader import HEAD, PACKAGED, encoder

_RANK = 32
# The head knows nothing at first, the rest much.
_HEAD_FASTER = 10
_WARM_UP = 0.08
_LEAST = 0.02


def loss_of(network: Network, some: Sequence[Choice]) -> Any:
    """The mean loss of a batch."""
    import torch
    from torch.nn import functional

    pairs = [(one.question, told) for one in some for told in one.told]
    # In two parts, the shorter ones together: less is filled up.
    order = sorted(range(len(pairs)), key=lambda at: len(pairs[at][0]) + pairs[at][1].characters)
    cut = len(order) * 2 // 3
    parts = [order[:cut], order[cut:]]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        odds = torch.cat([network.odds([pairs[at] for at in part]) for part in parts if part])
    odds = odds.float()[torch.tensor(order).argsort()]
    losses = [
        functional.cross_entropy(torch.cat([own, own.new_zeros(1)])[None], torch.tensor([c.right]))
        for c, own in zip(some, odds.split([len(c.told) for c in some]), strict=True)
    ]
    return torch.stack(losses).mean()


def teach(network: Network, lessons: Sequence[Lesson], options: argparse.Namespace) -> None:
    """Go through the lessons `options.rounds` times."""
    import torch

    torch.manual_seed(options.seed)
    network.dropout = options.dropout
    rng = Random(options.seed)  # noqa: S311
    head: list[Any] = []
    body: list[Any] = []
    for name, values in network.parameters.items():
        (head if name in HEAD else body).append(values.requires_grad_())
    groups = [
        {"params": body, "lr": options.rate},
        {"params": head, "lr": _HEAD_FASTER * options.rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    total: int = options.rounds * -(-len(lessons) // options.batch)

    def slope(at: int) -> float:
        return min(1.0, (at + 1) / (_WARM_UP * total)) * max(_LEAST, 1 - at / total)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, slope)
    start, at, shown = time.monotonic(), 0, 0.0
    for number in range(1, options.rounds + 1):
        drawn = [choice(lesson, options.units, rng) for lesson in lessons]
        for some in batches(drawn, options.batch, rng):
            loss = loss_of(network, some)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*body, *head], 1.0)
            optimizer.step()
            schedule.step()
            at += 1
            shown += float(loss.detach())
            if at % 50 == 0:
                _say(f"{at} of {total}: loss {shown / 50:.3f}, {time.monotonic() - start:.0f} s")
                shown = 0.0
        if options.keep:
            kept = {name: values.detach().numpy() for name, values in network.parameters.items()}
            np.savez(options.keep, **kept)
        _say(f"round {number} is done")
    network.dropout = 0.0


def _parameters(path: Path, packed: Packed) -> Tensors:
    """What was learned, from a file that `--keep` or `--out` wrote."""
    import torch

    with np.load(path) as file:
        kept = {name: file[name].astype(np.float32) for name in file.files}
    if any(name.endswith(".left") for name in kept):
        return Network(packed, kept).parameters
    return {name: torch.from_numpy(np.asarray(values)) for name, values in kept.items()}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def main(arguments: Sequence[str] | None = None) -> None:
    """Teach on the files named on the command line and write what was changed."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.teach",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("lessons", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=4e-5, help="the steepest learning rate")
    parser.add_argument("--units", type=int, default=3, help="to choose from")
    parser.add_argument("--dropout", type=float, default=0.1, help="the share left out by lot")
    parser.add_argument("--batch", type=int, default=14, help="questions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rank", type=int, default=_RANK, help="of what is written of a matrix")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--start", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, default=Path("rag/reader.npz"))
    options = parser.parse_args(arguments)
    if find_spec("torch") is None:
        parser.error("torch is missing: pip install torch")
    try:
        lessons = read_lessons(options.lessons)
    except UsageError as error:
        parser.error(str(error))
    packed = encoder(packaged_file(*PACKAGED))
    network = Network(packed)
    if options.start:
        found = [_parameters(path, packed) for path in options.start]
        network.parameters = {
            name: sum(one[name] for one in found) / len(found) for name in network.parameters
        }
    if options.rounds:
        teach(network, lessons, options)
    changes: dict[str, Any] = network.changes(options.rank)
    np.savez_compressed(options.out, **changes)


if __name__ == "__main__":
    main()
