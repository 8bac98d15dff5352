"""Supernet training steps in PyTorch: the peer of dev.lutra.benchmarks.SupernetSteps.

The same blocks, spaces, uniform single paths, SGD and label smoothing, on random images, written as a PyTorch user
would. Prints one line of JSON.
"""
import argparse
import json
import random
import time

import torch
from torch import nn
from torch.nn import functional as F

# space: (stem channels, stem stride, [(channels, repeat)], last channels, dropout, classes)
SPACES = {
    "shufflenetv2-cifar": (16, 1, [(48, 4), (96, 4), (192, 4)], 384, 0.0, 10),
    "spos-shufflenetv2": (16, 2, [(64, 4), (160, 4), (320, 8), (640, 4)], 1024, 0.1, 1000),
}
XCEPTION = 0  # in place of a kernel


def conv(cin, cout, kernel=1, stride=1, groups=1, relu=True):
    layers = [
        nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(cout, affine=False),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


def depthwise(channels, kernel, stride):
    return conv(channels, channels, kernel, stride, groups=channels, relu=False)


def shuffle_split_by_reshape(x):
    n, c, h, w = x.shape
    x = x.reshape(n, c // 2, 2, h, w).transpose(1, 2)
    return x[:, 0], x[:, 1]


def shuffle_split_by_slices(x):
    return x[:, 0::2], x[:, 1::2]


class Block(nn.Module):
    def __init__(self, cin, cout, kernel, stride, shuffle_split):
        super().__init__()
        self.stride = stride
        self.shuffle_split = shuffle_split
        main = cin // 2 if stride == 1 else cin
        out = cout - main
        mid = cout // 2
        if kernel == XCEPTION:
            self.main = nn.Sequential(
                depthwise(main, 3, stride), conv(main, mid),
                depthwise(mid, 3, 1), conv(mid, mid),
                depthwise(mid, 3, 1), conv(mid, out))
        else:
            self.main = nn.Sequential(conv(main, mid), depthwise(mid, kernel, stride), conv(mid, out))
        if stride == 2:
            self.proj = nn.Sequential(depthwise(cin, kernel or 3, 2), conv(cin, cin))

    def forward(self, x):
        if self.stride == 1:
            identity, main = self.shuffle_split(x)
            return torch.cat((identity, self.main(main)), 1)
        return torch.cat((self.proj(x), self.main(x)), 1)


class Supernet(nn.Module):
    def __init__(self, space, shuffle_split):
        super().__init__()
        stem, stem_stride, stages, last, dropout, classes = SPACES[space]
        self.stem = conv(3, stem, 3, stem_stride)
        self.blocks = nn.ModuleList()
        cin = stem
        for cout, repeat in stages:
            for i in range(repeat):
                stride = 2 if i == 0 else 1
                self.blocks.append(nn.ModuleList(
                    Block(cin, cout, kernel, stride, shuffle_split) for kernel in (3, 5, 7, XCEPTION)))
                cin = cout
        self.last = conv(cin, last)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(last, classes, bias=False)

    def forward(self, x, path):
        x = self.stem(x)
        for choices, choice in zip(self.blocks, path):
            x = choices[choice](x)
        x = self.last(x).mean((2, 3))
        return self.classifier(self.dropout(x))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("space", choices=SPACES)
    args.add_argument("batch", type=int)
    args.add_argument("size", type=int)
    args.add_argument("warm_up", type=int)
    args.add_argument("steps", type=int)
    args.add_argument("--threads", type=int, default=2)
    args.add_argument("--channels-last", action="store_true")
    args.add_argument("--slices", action="store_true", help="shuffle and split as two strided slices")
    args = args.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    random.seed(1)
    net = Supernet(args.space, shuffle_split_by_slices if args.slices else shuffle_split_by_reshape).train()
    classes = SPACES[args.space][-1]
    images = torch.randn(args.batch, 3, args.size, args.size)
    labels = torch.randint(classes, (args.batch,))
    if args.channels_last:
        net = net.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=4e-5)

    for step in range(args.warm_up + args.steps):
        if step == args.warm_up:
            start, cpu_start = time.perf_counter(), time.process_time()
        path = [random.randrange(4) for _ in net.blocks]
        loss = F.cross_entropy(net(images, path), labels, label_smoothing=0.1)
        optimizer.zero_grad(set_to_none=True)  # what is not on the path is not moved
        loss.backward()
        optimizer.step()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    layout = ("channels-last" if args.channels_last else "nchw") + (" slices" if args.slices else "")
    print(json.dumps({"peer": "pytorch " + layout, "space": args.space,
                      "images_per_second": round(args.batch * args.steps / seconds, 1),
                      "images_per_cpu_second": round(args.batch * args.steps / cpu_seconds, 1)}))


if __name__ == "__main__":
    main()
