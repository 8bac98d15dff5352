"""A fixed network of the SPOS blocks on the 32x32 layout, its tensors named as in the released code; saves what PyTorch computes.

Arguments: folder, choices (0 to 3, comma-separated).
"""
import sys

import numpy
import torch
from torch import nn


def conv(channels_in, channels_out, kernel=1, stride=1, groups=1):
    return nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False)


def depthwise(channels, kernel, stride):
    return [conv(channels, channels, kernel, stride, channels), nn.BatchNorm2d(channels)]


def pointwise(channels_in, channels_out):
    return [conv(channels_in, channels_out), nn.BatchNorm2d(channels_out), nn.ReLU()]


class Block(nn.Module):
    def __init__(self, choice, channels_in, channels_out, stride):
        super().__init__()
        kernel = (3, 5, 7, 3)[choice]
        given = channels_in if stride == 2 else channels_in // 2
        made, mid = channels_out - given, channels_out // 2
        if choice == 3:
            main = depthwise(given, 3, stride) + pointwise(given, mid) + depthwise(mid, 3, 1) + pointwise(mid, mid) \
                + depthwise(mid, 3, 1) + pointwise(mid, made)
        else:
            main = pointwise(given, mid) + depthwise(mid, kernel, stride) + pointwise(mid, made)
        self.branch_main = nn.Sequential(*main)
        if stride == 2:
            self.branch_proj = nn.Sequential(*depthwise(given, kernel, 2), *pointwise(given, given))
        self.stride = stride

    def forward(self, x):
        kept, main = (self.branch_proj(x), x) if self.stride == 2 else (x[:, 0::2], x[:, 1::2])
        return torch.cat((kept, self.branch_main(main)), 1)


class Network(nn.Module):
    def __init__(self, choices):
        super().__init__()
        self.first_conv = nn.Sequential(conv(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU())
        widths = [16] + [width for width in (48, 96, 192) for _ in range(4)]
        self.features = nn.ModuleList(
            Block(choice, widths[i], widths[i + 1], 2 if widths[i] != widths[i + 1] else 1) for i, choice in enumerate(choices))
        self.conv_last = nn.Sequential(*pointwise(192, 384))
        self.classifier = nn.Sequential(nn.Linear(384, 10, bias=False))

    def forward(self, x):
        x = self.first_conv(x)
        for block in self.features:
            x = block(x)
        return self.classifier(self.conv_last(x).mean((2, 3)))


folder = sys.argv[1]
torch.manual_seed(5)
network = Network([int(choice) for choice in sys.argv[2].split(',')])
for module in network.modules():
    if isinstance(module, nn.BatchNorm2d):
        nn.init.uniform_(module.weight, 0.8, 1.6)
        nn.init.normal_(module.bias, 0, 0.2)
        nn.init.normal_(module.running_mean, 0, 0.2)
        nn.init.uniform_(module.running_var, 0.2, 0.8)
images = torch.randn(2, 3, 32, 32)
network.eval()
with torch.no_grad():
    logits = network(images)
numpy.savez(folder + '/released.npz', **{name: value.numpy() for name, value in network.state_dict().items()})
numpy.save(folder + '/images.npy', images.numpy())
numpy.save(folder + '/logits.npy', logits.numpy())
