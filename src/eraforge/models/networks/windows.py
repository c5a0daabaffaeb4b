"""Networks of sequences: panels whose rows carry windows of price history, as columns `NAME_lag0`, `NAME_lag1`, ...

A window is every column of one `NAME` with consecutive lags from 0 (now) into the past; all windows must be as long as
each other. They become the channels of a sequence, oldest moment first. Columns that are no lag of anything do not
change over the window; they join after the sequence has been read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from eraforge.core.errors import UserError
from eraforge.models.devices import library
from eraforge.models.networks.network import Network
from eraforge.models.networks.tabular import check_dropout, check_heads, check_sizes
from eraforge.models.rows import require

LAG = re.compile(r"(?P<name>.+)_lag(?P<lag>\d+)")


@dataclass(frozen=True)
class Layout:
    """Which columns form the sequence.

    Args:
        windows: per moment, oldest first, the place of each channel's column: (moments, channels).
        rest: places of the columns that are no lag.
    """

    windows: tuple[tuple[int, ...], ...]
    rest: tuple[int, ...]


def layout(features: tuple[str, ...]) -> Layout:
    """The sequence that these columns form.

    Raises:
        UserError: `panel-without-windows` when there is no lag, `windows-differ` when lags are missing or windows
            are of different length.
    """
    lags: dict[str, dict[int, int]] = {}
    rest = []
    for place, feature in enumerate(features):
        found = LAG.fullmatch(feature)
        if found:
            lags.setdefault(found["name"], {})[int(found["lag"])] = place
        else:
            rest.append(place)
    if not lags:
        raise UserError(
            "panel-without-windows",
            "No feature of this panel is named like NAME_lag0, NAME_lag1, ...: there is no sequence to read.",
            "Choose features with lags, or a model of tables.",
        )
    length = max(len(places) for places in lags.values())
    for name, places in lags.items():
        if sorted(places) != list(range(length)):
            raise UserError(
                "windows-differ",
                f"Window {name!r} has lags {sorted(places)}; another window has lags 0 to {length - 1}.",
                "Give every window the same lags, from 0 on, without gaps.",
            )
    moments = tuple(tuple(places[lag] for places in lags.values()) for lag in reversed(range(length)))
    return Layout(moments, tuple(rest))


@dataclass(frozen=True)
class WindowNetwork(Network):
    """What networks of sequences share. Settings of the training loop are those of `LoopSettings`.

    Args:
        width: numbers that the read sequence comes down to.
        dropout: share of units dropped in training.
    """

    width: int = 64
    dropout: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(width=self.width)
        check_dropout(self.dropout)

    def module(self, features: tuple[str, ...]) -> Any:
        """See `Network.module`.

        Raises:
            UserError: `panel-without-windows`, `windows-differ`.
        """
        library("torch", "nn")
        from eraforge.models.networks.modules.windowed import Windowed

        found = layout(features)
        reader = self.reader(len(found.windows[0]), len(found.windows))
        return Windowed(reader, found.windows, found.rest, self.width, self.dropout)

    def reader(self, channels: int, moments: int) -> Any:
        """A fresh torch module: (rows, moments, channels) -> (rows, width)."""
        raise TypeError(f"{type(self).__name__} is not an architecture")


@dataclass(frozen=True)
class LSTM(WindowNetwork):
    """Long short-term memory. Source: Hochreiter, Schmidhuber, Long Short-Term Memory (1997).

    Args:
        layers: layers of memory cells.
    """

    layers: int = 1

    kind: ClassVar[str] = "lstm"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(layers=self.layers)

    def reader(self, channels: int, moments: int) -> Any:
        """See `WindowNetwork.reader`."""
        from torch import nn

        from eraforge.models.networks.modules.recurrent import Recurrent

        return Recurrent(nn.LSTM, channels, self.width, self.layers)


@dataclass(frozen=True)
class GRU(WindowNetwork):
    """Gated recurrent units. Source: Cho and others, Learning Phrase Representations using RNN Encoder-Decoder (2014).

    Args:
        layers: layers of units.
    """

    layers: int = 1

    kind: ClassVar[str] = "gru"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(layers=self.layers)

    def reader(self, channels: int, moments: int) -> Any:
        """See `WindowNetwork.reader`."""
        from torch import nn

        from eraforge.models.networks.modules.recurrent import Recurrent

        return Recurrent(nn.GRU, channels, self.width, self.layers)


@dataclass(frozen=True)
class TCN(WindowNetwork):
    """Causal convolutions whose reach doubles with each block.

    Source: Bai, Kolter, Koltun, An Empirical Evaluation of Generic Convolutional and Recurrent Networks (2018).

    Args:
        blocks: residual blocks.
        kernel: moments a convolution looks at.
    """

    blocks: int = 3
    kernel: int = 3

    kind: ClassVar[str] = "tcn"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(blocks=self.blocks, kernel=self.kernel)

    def reader(self, channels: int, moments: int) -> Any:
        """See `WindowNetwork.reader`."""
        from eraforge.models.networks.modules.convolution import TemporalConvolution

        return TemporalConvolution(channels, self.width, self.blocks, self.kernel, self.dropout)


@dataclass(frozen=True)
class Transformer(WindowNetwork):
    """Attention among the moments of the window. Source: Vaswani and others, Attention Is All You Need (2017).

    Args:
        blocks: layers of attention.
        heads: heads of attention; `width` is a multiple of it.
    """

    blocks: int = 2
    heads: int = 4

    kind: ClassVar[str] = "transformer"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(blocks=self.blocks, heads=self.heads)
        check_heads(self.width, self.heads)

    def reader(self, channels: int, moments: int) -> Any:
        """See `WindowNetwork.reader`."""
        from eraforge.models.networks.modules.attention import TransformerReader

        return TransformerReader(channels, moments, self.width, self.blocks, self.heads, self.dropout)


@dataclass(frozen=True)
class PatchTST(WindowNetwork):
    """Attention among patches of moments, each channel read alone by the same weights.

    Source: Nie and others, A Time Series is Worth 64 Words: Long-term Forecasting with Transformers (2023). Windows are
    not normalised one by one: their level is compared across rows.

    Args:
        patch: moments of a patch; shorter where the window is.
        stride: moments from one patch to the next.
        blocks: layers of attention.
        heads: heads of attention; `width` is a multiple of it.
    """

    patch: int = 8
    stride: int = 4
    blocks: int = 2
    heads: int = 4

    kind: ClassVar[str] = "patchtst"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(patch=self.patch, stride=self.stride, blocks=self.blocks, heads=self.heads)
        check_heads(self.width, self.heads)

    def reader(self, channels: int, moments: int) -> Any:
        """See `WindowNetwork.reader`."""
        from eraforge.models.networks.modules.attention import PatchReader

        patch = min(self.patch, moments)
        sizes = (channels, moments, patch, min(self.stride, patch))
        return PatchReader(*sizes, self.width, self.blocks, self.heads, self.dropout)


@dataclass(frozen=True)
class NHiTS(WindowNetwork):
    """Stacks that read the window at several speeds, each explaining what those before it left over.

    Source: Challu and others, N-HiTS: Neural Hierarchical Interpolation for Time Series Forecasting (2022).

    Args:
        pools: moments pooled into one, per stack: slow stacks first.
        hidden: units of a stack's layers.
    """

    pools: tuple[int, ...] = (8, 4, 1)
    hidden: int = 128

    kind: ClassVar[str] = "nhits"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(hidden=self.hidden)
        require(len(self.pools) > 0 and min(self.pools) >= 1, "pools", self.pools, "a list of numbers from 1")

    def reader(self, channels: int, moments: int) -> Any:
        """See `WindowNetwork.reader`."""
        from eraforge.models.networks.modules.nhits import NHiTSReader

        return NHiTSReader(channels, moments, tuple(self.pools), self.hidden, self.width, self.dropout)


@dataclass(frozen=True)
class TFT(WindowNetwork):
    """Gates that choose channels, a memory, and attention whose heads share their values.

    Source: Lim and others, Temporal Fusion Transformers for Interpretable Multi-horizon Time Series Forecasting (2021);
    its encoder alone, since nothing is known of the future here.

    Args:
        heads: heads of attention; `width` is a multiple of it.
    """

    width: int = 32
    heads: int = 4

    kind: ClassVar[str] = "tft"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(heads=self.heads)
        check_heads(self.width, self.heads)

    def reader(self, channels: int, moments: int) -> Any:
        """See `WindowNetwork.reader`."""
        from eraforge.models.networks.modules.fusion import FusionReader

        return FusionReader(channels, self.width, self.heads, self.dropout)
