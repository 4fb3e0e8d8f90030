"""The reader as a network that learns: the packed encoder's layers, in torch.

Its parameters go by the names of the packed file (`rag.e5_file`), and those of the head by the ones
of `rag.reader`. ``pip install torch`` brings torch; nothing but teaching needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rag.e5_file import Numbers, Packed, adapted, input_rows, tokenizer_of
from rag.reader import HEAD, Told, together

Tensors = dict[str, Any]


class Network:
    """The reader with parameters that can be changed."""

    def __init__(self, packed: Packed, changes: Mapping[str, Numbers] | None = None) -> None:
        """Begin with the packed model and a head that says nothing, or with `changes` in both."""
        import torch

        # The share of numbers that are left out by lot while it learns (Srivastava et al., 2014).
        self.dropout = 0.0
        self._packed = packed
        self._tokenizer = tokenizer_of(packed)
        self._pieces = len(packed.pieces)
        self._rows = torch.from_numpy(input_rows(packed))
        width = packed.width
        begun = adapted(packed, changes or {})
        draw = torch.Generator().manual_seed(1)
        self.parameters: Tensors = {
            name: torch.from_numpy(np.array(values))
            for name, values in (*begun.matrices.items(), *begun.vectors.items())
            if not name.startswith("emb.") or name.startswith("emb.ln")
        }
        self.parameters |= {
            "kinds": torch.zeros(3, width),
            "head.w": (torch.rand(width, width, generator=draw) * 2 - 1) / width**0.5,
            "head.b": torch.zeros(width),
            "last.w": torch.zeros(width),
            "last.b": torch.zeros(()),
        }
        if changes:
            self.parameters |= {
                name: torch.from_numpy(np.asarray(changes[name], np.float32)) for name in HEAD
            }

    def odds(self, pairs: Sequence[tuple[str, Told]]) -> Any:
        """The log-odds (n,) that each text answers its question, for pairs of the two."""
        import torch

        both = [together(self._tokenizer, *pair) for pair in pairs]
        longest = max(len(ids) for ids, _ in both)
        ids, kinds = (torch.zeros(len(both), longest, dtype=torch.long) for _ in range(2))
        there = torch.zeros(len(both), longest, dtype=torch.bool)
        for at, (pieces, of) in enumerate(both):
            ids[at, : len(pieces)], kinds[at, : len(of)] = torch.tensor(pieces), torch.tensor(of)
            there[at, : len(pieces)] = True
        rows = self._rows[ids] + self._rows[self._pieces : self._pieces + longest]
        hidden = self._hidden(rows + self.parameters["kinds"][kinds], there)
        mean = (hidden * there[:, :, None]).sum(1) / there.sum(1, keepdim=True)
        p = self.parameters
        told = torch.tanh(self._some(mean) @ p["head.w"].T + p["head.b"])
        return told @ p["last.w"] + p["last.b"]

    def _hidden(self, rows: Any, there: Any) -> Any:
        """The last hidden states (n, tokens, d); see `rag.e5_file.graph_of`."""
        from torch.nn import functional

        p, packed = self.parameters, self._packed

        def linear(x: Any, name: str) -> Any:
            return functional.linear(x, p[f"{name}.w"], p[f"{name}.b"])

        def norm(x: Any, name: str) -> Any:
            ends = p[f"{name}.w"], p[f"{name}.b"]
            return functional.layer_norm(x.float(), (packed.width,), *ends, packed.epsilon)

        def heads(x: Any) -> Any:
            return x.unflatten(-1, (packed.heads, -1)).transpose(1, 2)

        x, seen = self._some(norm(rows, "emb.ln")), there[:, None, None, :]
        for number in packed.layers:
            at = f"l{number}."
            asked = (heads(linear(x, at + name)) for name in "qkv")
            told = functional.scaled_dot_product_attention(*asked, attn_mask=seen)
            told = self._some(linear(told.transpose(1, 2).flatten(2), f"{at}ao"))
            x = norm(x + told, f"{at}aln")
            wide = functional.gelu(linear(x, f"{at}fi"))
            x = norm(x + self._some(linear(wide, f"{at}fo")), f"{at}oln")
        return x

    def _some(self, x: Any) -> Any:
        from torch.nn import functional

        return functional.dropout(x, self.dropout, training=self.dropout > 0)

    def changes(self, rank: int) -> dict[str, Numbers]:
        """What was changed, as `rag.e5_file.adapted` takes it, each matrix by two of that rank.

        The nearest such product is that of the largest singular values (Eckart and Young, 1936).
        """
        import torch

        found: dict[str, Numbers] = {}
        for name, values in self.parameters.items():
            now = values.detach()
            if name in self._packed.matrices:
                change = now - torch.from_numpy(np.array(self._packed.matrices[name]))
                left, sizes, right = torch.linalg.svd(change, full_matrices=False)
                found[f"{name}.left"] = (left[:, :rank] * sizes[:rank]).numpy()
                found[f"{name}.right"] = right[:rank].numpy()
            else:
                found[name] = now.numpy() - self._packed.vectors.get(name, np.float32(0))
        return {name: values.astype(np.float16) for name, values in found.items()}
