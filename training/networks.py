"""The three networks: where the heart is, what and where its parts are, the arteries again."""

import torch
from torch import nn
from torch.nn import functional

from corcal.anatomy.types import PATHWAYS, Structure

__all__ = [
    "ARTERY_CELLS",
    "ARTERY_CELL_MM",
    "HEART_CELLS",
    "HEART_CELL_MM",
    "LOCATOR_CELLS",
    "LOCATOR_CELL_MM",
    "ArteryNet",
    "HeartNet",
    "Locator",
    "UNet",
    "windowed",
]

HEART_CELLS, HEART_CELL_MM = 48, 4.0
LOCATOR_CELLS, LOCATOR_CELL_MM = 40, 8.0
ARTERY_CELLS, ARTERY_CELL_MM = 48, 2.5


class _Pair(nn.Sequential):
    """Two convolutions, each with batch normalisation and rectifier."""

    def __init__(self, given: int, wanted: int) -> None:
        super().__init__(
            nn.Conv3d(given, wanted, 3, padding=1, bias=False),
            nn.BatchNorm3d(wanted),
            nn.ReLU(inplace=True),
            nn.Conv3d(wanted, wanted, 3, padding=1, bias=False),
            nn.BatchNorm3d(wanted),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    """A 3-D U-Net (Cicek 2016, doi:10.1007/978-3-319-46723-8_49) that takes HU."""

    def __init__(self, widths: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            _Pair(given, wanted) for given, wanted in zip((2, *widths[:-1]), widths, strict=True)
        )
        self.up = nn.ModuleList(
            _Pair(widths[k + 1] + widths[k], widths[k]) for k in reversed(range(len(widths) - 1))
        )
        self.head = nn.Conv3d(widths[0], outputs, 1)

    def forward(self, volume: torch.Tensor) -> torch.Tensor:
        """Give the logits of a (batch, 1, z, y, x) volume in HU."""
        x = windowed(volume)
        kept = []
        for k, stage in enumerate(self.down):
            x = stage(functional.max_pool3d(x, 2) if k else x)
            kept.append(x)
        for stage, skip in zip(self.up, reversed(kept[:-1]), strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = stage(torch.cat([x, skip], dim=1))
        return self.head(x)

    @staticmethod
    def read(logits: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Give what the logits say."""
        raise NotImplementedError


def windowed(volume: torch.Tensor) -> torch.Tensor:
    """Give the two windows of HU that the networks see: the whole scale, and soft tissue."""
    wide = torch.clamp((volume + 1000.0) / 1000.0, 0.0, 1.2) - 0.5
    soft = torch.clamp(volume / 150.0, -1.0, 1.5)
    return torch.cat([wide, soft], dim=1)


class HeartNet(UNet):
    """Structures and pathways of the heart; `forward` gives logits, `read` what they say."""

    def __init__(self) -> None:
        super().__init__((16, 32, 64, 96), len(Structure) + len(PATHWAYS))

    @staticmethod
    def read(logits: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Give the probabilities of the structures and the heights of the pathways."""
        of_structures = logits[:, : len(Structure)]
        # In words, not as one operation: onnxruntime's softmax of channels is slow.
        share = torch.exp(of_structures - of_structures.amax(1, keepdim=True))
        share = share / share.sum(1, keepdim=True)
        return share, logits[:, len(Structure) :].sigmoid()


class ArteryNet(HeartNet):
    """The pathways once more, on finer cells; its structures help it to learn, and are not given.

    It has the shape of `HeartNet`, whose weights it starts from.
    """

    @staticmethod
    def read(logits: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Give the heights of the pathways."""
        return (logits[:, len(Structure) :].sigmoid(),)


class Locator(UNet):
    """Inside of the pericardium in a whole scan."""

    def __init__(self) -> None:
        super().__init__((16, 16, 32, 48), 1)

    @staticmethod
    def read(logits: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Give the probability of lying inside the pericardium."""
        return (logits.sigmoid(),)
