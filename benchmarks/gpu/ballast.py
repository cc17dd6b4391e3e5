"""`ballast.py BYTES`: holds GPU memory until its input ends, so that BYTES are free for other processes."""

import sys

import torch

_PIECE = 256 * 1024**2


def main() -> None:
    """Take memory in pieces until at most BYTES and one piece are free, and say so with a line."""
    left = int(sys.argv[1])
    pieces = []
    while torch.cuda.mem_get_info()[0] >= left + _PIECE:
        pieces.append(torch.empty(_PIECE, dtype=torch.uint8, device="cuda"))
    print(torch.cuda.mem_get_info()[0], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
