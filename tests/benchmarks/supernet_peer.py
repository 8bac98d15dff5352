"""Supernet training steps in PyTorch: the peer of dev.lutra.benchmarks.SupernetSteps.

The same blocks, spaces, single paths from a list, SGD and label smoothing, on random images, written as a PyTorch user
would.

    supernet_peer.py paths SPACE N          prints a list: every option once in every layer, then N random paths; with --alone
                                            one random path N times
    supernet_peer.py steps SPACE BATCH ...  trains along it, times the last STEPS, and prints one line of JSON; with --alone the
                                            first path is a network by itself, which learns its batch norm too
"""
import argparse
import json
import random
import resource
import time

import torch
from torch import nn
from torch.nn import functional as F

XCEPTION = 0  # in place of a kernel


class BatchNorm(nn.BatchNorm2d):
    learned = False

    def __init__(self, channels):
        super().__init__(channels, affine=BatchNorm.learned)


def conv(cin, cout, kernel=1, stride=1, groups=1, act=None):
    layers = [
        nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
        BatchNorm(cout),
    ]
    return nn.Sequential(*layers, act(inplace=True)) if act else nn.Sequential(*layers)


def depthwise(channels, kernel, stride, act=None):
    return conv(channels, channels, kernel, stride, groups=channels, act=act)


def shuffle_split_by_reshape(x):
    n, c, h, w = x.shape
    x = x.reshape(n, c // 2, 2, h, w).transpose(1, 2)
    return x[:, 0], x[:, 1]


def shuffle_split_by_slices(x):
    return x[:, 0::2], x[:, 1::2]


class ShuffleBlock(nn.Module):
    def __init__(self, cin, cout, stride, kernel, shuffle_split):
        super().__init__()
        self.stride = stride
        self.shuffle_split = shuffle_split
        main = cin // 2 if stride == 1 else cin
        out = cout - main
        mid = cout // 2
        relu = nn.ReLU
        if kernel == XCEPTION:
            self.main = nn.Sequential(
                depthwise(main, 3, stride), conv(main, mid, act=relu),
                depthwise(mid, 3, 1), conv(mid, mid, act=relu),
                depthwise(mid, 3, 1), conv(mid, out, act=relu))
        else:
            self.main = nn.Sequential(conv(main, mid, act=relu), depthwise(mid, kernel, stride), conv(mid, out, act=relu))
        if stride == 2:
            self.proj = nn.Sequential(depthwise(cin, kernel or 3, 2), conv(cin, cin, act=relu))

    def forward(self, x):
        if self.stride == 1:
            identity, main = self.shuffle_split(x)
            return torch.cat((identity, self.main(main)), 1)
        return torch.cat((self.proj(x), self.main(x)), 1)


class MbBlock(nn.Module):
    def __init__(self, cin, cout, stride, kernel, expand):
        super().__init__()
        inner = cin * expand
        layers = [] if expand == 1 else [conv(cin, inner, act=nn.ReLU6)]
        self.main = nn.Sequential(*layers, depthwise(inner, kernel, stride, act=nn.ReLU6), conv(inner, cout))
        self.shortcut = stride == 1 and cin == cout

    def forward(self, x):
        return x + self.main(x) if self.shortcut else self.main(x)


class Space:
    """stages: (channels, repeat, stride of the first)"""

    def __init__(self, stem, stem_stride, stages, last, dropout, classes, options, act, first=None, bias=False):
        self.stem, self.stem_stride, self.stages, self.last, self.dropout = stem, stem_stride, stages, last, dropout
        self.classes, self.options, self.act, self.first, self.bias = classes, options, act, first, bias

    def layers(self):
        return sum(repeat for _, repeat, _ in self.stages)


SHUFFLE = [(ShuffleBlock, kernel) for kernel in (3, 5, 7, XCEPTION)]
MB = [(MbBlock, kernel, expand) for kernel in (3, 5, 7) for expand in (3, 6)]
SPACES = {
    "shufflenetv2-cifar": Space(16, 1, [(48, 4, 2), (96, 4, 2), (192, 4, 2)], 384, 0.0, 10, SHUFFLE, nn.ReLU),
    "fairnas-cifar": Space(16, 1, [(24, 2, 1), (40, 3, 2), (80, 3, 2), (160, 1, 1)], 320, 0.2, 10, MB, nn.ReLU6,
                           first=(MbBlock, 3, 1), bias=True),
    "spos-shufflenetv2": Space(16, 2, [(64, 4, 2), (160, 4, 2), (320, 8, 2), (640, 4, 2)], 1024, 0.1, 1000, SHUFFLE, nn.ReLU),
}


class Supernet(nn.Module):
    def __init__(self, space, shuffle_split, only=None):
        """only: the one option of each layer that there is, where it is a network by itself"""
        super().__init__()

        def block(option, cin, cout, stride):
            kind, *settings = option
            return kind(cin, cout, stride, *settings, *([shuffle_split] if kind is ShuffleBlock else []))

        self.stem = conv(3, space.stem, 3, space.stem_stride, act=space.act)
        cin = space.stem
        self.first = block(space.first, cin, cin, 1) if space.first else nn.Identity()
        self.blocks = nn.ModuleList()
        for cout, repeat, stride in space.stages:
            for i in range(repeat):
                options = space.options if only is None else [space.options[only[len(self.blocks)]]]
                self.blocks.append(nn.ModuleList(block(option, cin, cout, stride if i == 0 else 1) for option in options))
                cin = cout
        self.last = conv(cin, space.last, act=space.act)
        self.dropout = nn.Dropout(space.dropout)
        self.classifier = nn.Linear(space.last, space.classes, bias=space.bias)

    def forward(self, x, path):
        x = self.first(self.stem(x))
        for choices, choice in zip(self.blocks, path):
            x = choices[choice](x)
        x = self.last(x).mean((2, 3))
        return self.classifier(self.dropout(x))


class Augmented(torch.utils.data.IterableDataset):
    """Batches of 8-bit images, each shifted by up to 4 pixels, flipped or not, and normalised, in random order without end."""

    def __init__(self, images, size, batch, classes):
        self.padded = F.pad(torch.randint(256, (images, 3, size, size), dtype=torch.uint8), (4, 4, 4, 4))
        self.labels = torch.randint(classes, (images,))
        self.size, self.batch = size, batch

    def __iter__(self):
        while True:
            for chosen in torch.randperm(len(self.labels)).split(self.batch):
                if len(chosen) == self.batch:
                    yield self.augmented(chosen), self.labels[chosen]

    def augmented(self, chosen):
        images = []
        for image in chosen:
            top, left = random.randrange(9), random.randrange(9)
            crop = self.padded[image, :, top:top + self.size, left:left + self.size]
            images.append(crop.flip(2) if random.random() < 0.5 else crop)
        return (torch.stack(images).float() / 255 - 0.5) / 0.25


def fixed(batch, size, classes):
    images, labels = torch.randn(batch, 3, size, size), torch.randint(classes, (batch,))
    while True:
        yield images, labels


def paths(args):
    space = SPACES[args.space]
    random.seed(1)
    if args.alone:
        path = ",".join(str(random.randrange(len(space.options))) for _ in range(space.layers()))
        print("\n".join([path] * args.count))
        return
    for option in range(len(space.options)):
        print(",".join([str(option)] * space.layers()))
    for _ in range(args.count):
        print(",".join(str(random.randrange(len(space.options))) for _ in range(space.layers())))


def steps(args):
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    random.seed(1)
    space = SPACES[args.space]
    with open(args.paths) as lines:
        listed = [[int(option) for option in line.split(",")] for line in lines]
    BatchNorm.learned = args.alone
    net = Supernet(space, shuffle_split_by_slices if args.slices else shuffle_split_by_reshape, listed[0] if args.alone else None).train()
    listed = [[0] * len(path) for path in listed] if args.alone else listed
    layout = torch.channels_last if args.channels_last else torch.contiguous_format
    net = net.to(memory_format=layout)
    batches = iter(fixed(args.batch, args.size, space.classes) if args.images == "fixed" else torch.utils.data.DataLoader(
        Augmented(5000, args.size, args.batch, space.classes), batch_size=None, num_workers=1))
    optimizer = torch.optim.SGD([
        {"params": [p for p in net.parameters() if p.ndim > 1], "weight_decay": 4e-5},
        {"params": [p for p in net.parameters() if p.ndim == 1]},
    ], lr=0.01, momentum=0.9)

    for step, path in enumerate(listed):
        if step == len(listed) - args.steps:
            start, waited = time.perf_counter(), 0
        before = time.perf_counter()
        images, labels = next(batches)
        if step >= len(listed) - args.steps:
            waited += time.perf_counter() - before
        loss = F.cross_entropy(net(images.to(memory_format=layout), path), labels, label_smoothing=0.1)
        optimizer.zero_grad(set_to_none=True)  # what is not on the path is not moved
        loss.backward()
        optimizer.step()
    seconds = time.perf_counter() - start
    name = "pytorch " + ("channels-last" if args.channels_last else "nchw") + (" slices" if args.slices else "")
    print(json.dumps({"peer": name, "space": args.space, "images_per_second": round(args.batch * args.steps / seconds, 1),
                      "wait_share": round(waited / seconds, 4),
                      "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}))


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("paths")
    listing.add_argument("space", choices=SPACES)
    listing.add_argument("count", type=int)
    listing.add_argument("--alone", action="store_true")
    listing.set_defaults(run=paths)
    training = commands.add_parser("steps")
    training.add_argument("space", choices=SPACES)
    training.add_argument("batch", type=int)
    training.add_argument("size", type=int)
    training.add_argument("steps", type=int, help="how many of the listed paths, the last ones, are timed")
    training.add_argument("paths")
    training.add_argument("images", choices=("augmented", "fixed"))
    training.add_argument("--threads", type=int, default=2)
    training.add_argument("--channels-last", action="store_true")
    training.add_argument("--slices", action="store_true", help="shuffle and split as two strided slices")
    training.add_argument("--alone", action="store_true", help="one network, which learns its batch norm")
    training.set_defaults(run=steps)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
