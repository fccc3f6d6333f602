"""A trained U-Net written anew for onnxruntime: its slices a batch, its 3-D convolutions 2-D ones.

onnxruntime has blocked kernels for convolutions in two dimensions, and none in three. So a network
is written down as the same sums in another order:

- a 3 x 3 x 3 convolution is a 3 x 3 one of each slice and its two neighbours, as channels;
- one of a volume that was doubled in size sees each value eight times, so it is a 2 x 2 x 2 one of
  the volume as it was, for each of the eight cells that a value becomes.

Batch normalisation goes into the weights. Answers are those of the network but for rounding.
"""

from typing import Protocol, cast

import torch
from torch import nn
from torch.nn import functional

from training.networks import UNet, windowed

__all__ = ["FlatUNet"]


class FlatUNet(nn.Module):
    """The logits of a trained `UNet`; every side of the volume is a multiple of 8 cells."""

    def __init__(self, net: UNet) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(_Slices(*_folded(pair, 0)), _Slices(*_folded(pair, 3)))
            for pair in net.down
        )
        self.join = nn.ModuleList(_Join(*_folded(pair, 0)) for pair in net.up)
        self.up = nn.ModuleList(_Slices(*_folded(pair, 3)) for pair in net.up)
        self.head = _convolution(net.head.weight.detach()[..., 0], net.head.bias.detach())

    def forward(self, volume: torch.Tensor) -> torch.Tensor:
        """Give the logits of a (1, 1, z, y, x) volume in HU."""
        x = windowed(volume)[0].transpose(0, 1)
        kept = []
        for k, stage in enumerate(self.down):
            if k:
                x = functional.max_pool2d(x, 2)
                x = torch.maximum(x[0::2], x[1::2])
            x = stage(x)
            kept.append(x)
        for join, stage, skip in zip(self.join, self.up, reversed(kept[:-1]), strict=True):
            x = stage(join(x, skip))
        return self.head(x).transpose(0, 1)[None]


class _Slices(nn.Module):
    """A 3 x 3 x 3 convolution with rectifier, of (z, channel, y, x)."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        super().__init__()
        self.convolution = _convolution(weight.transpose(1, 2).flatten(1, 2), bias, padding=1)

    def forward(self, x: torch.Tensor, more: torch.Tensor | None = None) -> torch.Tensor:
        """Convolve, add `more`, and leave out what is below 0."""
        around = [_shifted(x, 1, -1), x, _shifted(x, -1, 1)]
        out = self.convolution(torch.cat(around, dim=1))
        return functional.relu(out if more is None else out + more)


class _Join(nn.Module):
    """A 3 x 3 x 3 convolution with rectifier, of a doubled volume and one of that size together."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        super().__init__()
        self.wanted = wanted = len(bias)
        given = weight.shape[1] - wanted  # the skip is as wide as what is wanted
        self.beside = _Slices(weight[:, given:], bias)
        taps = weight[:, :given]
        for axis in (2, 4, 6):  # z, y, x; before each comes, then, which of two cells it is for
            taps = _taps(taps, axis)
        order = taps.permute(2, 0, 4, 6, 3, 1, 5, 7)  # cell z, wanted, cells y, x; z, given, y, x
        self.convolution = _convolution(
            order.flatten(0, 3).flatten(1, 2), torch.zeros(8 * wanted), padding=1
        )

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Convolve `x`, doubled, together with `skip`."""
        pairs = torch.cat([_shifted(x, 1, 0), _shifted(x, 0, 1)], dim=1)
        out = functional.pixel_shuffle(self.convolution(pairs), 2)
        out = out.reshape(-1, self.wanted, out.shape[2], out.shape[3])
        return self.beside(skip, functional.pad(out, (-1, -1, -1, -1, 0, 0, -1, -1)))


def _shifted(x: torch.Tensor, before: int, after: int) -> torch.Tensor:
    """Add empty slices before and after; below 0, take slices away."""
    return functional.pad(x, (0, 0, 0, 0, 0, 0, before, after))


def _taps(weight: torch.Tensor, axis: int) -> torch.Tensor:
    """Give the weights of two values in a row for the two cells that lie between their middles.

    These are the second cell of the value before, and the first cell of the value after, each of
    which sees three cells: two of its own value and one of the other.
    """
    before, at, after = weight.unbind(axis)
    second = torch.stack([before + at, after], axis)
    first = torch.stack([before, at + after], axis)
    return torch.stack([second, first], axis)


def _folded(pair: nn.Sequential, at: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and bias of a convolution with the batch normalisation that follows it."""
    convolution = cast("nn.Conv3d", pair[at])
    norm = cast("_Norm", pair[at + 1])
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = convolution.weight * scale[:, None, None, None, None]
    return weight.detach(), (norm.bias - norm.running_mean * scale).detach()


class _Norm(Protocol):
    weight: torch.Tensor
    bias: torch.Tensor
    running_mean: torch.Tensor
    running_var: torch.Tensor
    eps: float


def _convolution(weight: torch.Tensor, bias: torch.Tensor, *, padding: int = 0) -> nn.Conv2d:
    wanted, given, side, _ = weight.shape
    out = nn.Conv2d(given, wanted, side, padding=padding)
    out.weight.data = weight.contiguous()
    out.bias.data = bias
    return out
