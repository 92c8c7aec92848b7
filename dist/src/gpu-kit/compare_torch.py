"""Sparse24 beside PyTorch on one GPU: the same kept values and metadata from one weight, 8-bit weights that PyTorch packed
read as they were, and times of its products.

    compare_torch.py S24 RESULTS

S24 is bin/s24; RESULTS has bench.json of its GPU suite, if that ran, and gets torch.json, written anew after each row.
Optional: nothing else of Sparse24 needs Python. Exit 77: there is no PyTorch with CUDA here; 1: something differs.
"""

import ctypes
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

NOT_HERE = 77
SECONDS = 40  # of the sixty this step has, the conversions included
COLD = 256 << 20  # bytes of weights that take turns: several times a GPU's L2
LARGEST = 8192 * 28672


def leave(why):
    print(why)
    sys.exit(NOT_HERE)


try:
    import torch
    from torch.nn.functional import linear
    from torch.sparse import _semi_structured_conversions as conversions
    from torch.sparse import to_sparse_semi_structured
except ImportError as e:
    leave(f"no PyTorch here: {e}")
if not torch.cuda.is_available():
    leave("PyTorch is here, but it has no CUDA device")

TYPES = {
    "BF16": torch.bfloat16,
    "F16": torch.float16,
    "I8": torch.int8,
    "F8_E4M3": torch.float8_e4m3fn,
    "I16": torch.int16,
    "I32": torch.int32,
}


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        type_name = next(key for key, value in TYPES.items() if value == tensor.dtype)
        host = tensor.contiguous().cpu()
        offset = len(data)
        data += ctypes.string_at(host.data_ptr(), host.numel() * host.element_size())  # NumPy may not be here
        header[name] = {"dtype": type_name, "shape": list(tensor.shape), "data_offsets": [offset, len(data)]}
    header = json.dumps(header).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + data)


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    tensors = {}
    for name, info in header.items():
        if name != "__metadata__":
            first, last = info["data_offsets"]
            flat = torch.frombuffer(bytearray(data[first:last]), dtype=TYPES[info["dtype"]])
            tensors[name] = flat.view(info["shape"])
    return tensors


def same_bits(a, b):
    return a.shape == b.shape and torch.equal(a.contiguous().view(torch.int16).cpu(), b.contiguous().view(torch.int16).cpu())


def run(*command):
    """With what it says where it fails."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(" ".join(command[1:]) + ": " + done.stderr.strip()[-500:])


def conversion(s24, n, k, dtype):
    """The torch format of s24 against PyTorch's own conversion of the same pruned weight, both ways."""
    with tempfile.TemporaryDirectory() as folder:
        files = {what: os.path.join(folder, what + ".safetensors") for what in ("weight", "dense", "torch")}
        write_safetensors(files["weight"], {"w": torch.randn(n, k, dtype=torch.float32).to(dtype)})
        for form in ("dense", "torch"):
            run(s24, "prune", files["weight"], files[form], "--method", "magnitude", "--format", form)
        dense = next(iter(read_safetensors(files["dense"]).values())).cuda()
        ours = read_safetensors(files["torch"])
    packed = next(value for name, value in ours.items() if name.endswith(".packed")).cuda()
    meta = next(value for name, value in ours.items() if name.endswith(".meta")).cuda()
    # Of PyTorch 2.1 and later; no part of its public interface.
    their_packed, their_meta = conversions.sparse_semi_structured_from_dense_cutlass(dense)
    back = conversions.sparse_semi_structured_to_dense_cutlass(packed, meta)
    return {
        "n": n,
        "k": k,
        "dtype": str(dtype).replace("torch.", ""),
        "same_values": same_bits(packed, their_packed),
        "same_metadata": same_bits(meta, their_meta),
        "same_dense": same_bits(back, dense),
    }


def eight_bits(s24, n, k, dtype):
    """What PyTorch packs of an 8-bit weight, as s24 reads it. E4M3 it packs as the bytes that they are."""
    signs = torch.randint(0, 2, (n, k)) * 2 - 1
    w = (torch.randint(1, 120, (n, k)) * signs * two_of_four(torch.rand(n, k))).to(torch.int8)
    packed, meta = conversions.sparse_semi_structured_from_dense_cutlass(w.cuda())
    with tempfile.TemporaryDirectory() as folder:
        theirs, dense = (os.path.join(folder, what + ".safetensors") for what in ("torch", "dense"))
        write_safetensors(theirs, {"w.packed": packed.view(dtype), "w.meta": meta})
        run(s24, "decompress", theirs, dense)
        back = next(iter(read_safetensors(dense).values()))
    return {"n": n, "k": k, "dtype": str(dtype).replace("torch.", ""), "same_dense": same_bits(back, w)}


def tried(compare, s24, n, k, dtype):
    """One that fails is a difference, and what follows is done."""
    try:
        return compare(s24, n, k, dtype)
    except Exception as e:  # PyTorch's own, or what a command of s24 said
        return {"n": n, "k": k, "dtype": str(dtype), "same_dense": False, "error": str(e)[-500:] or type(e).__name__}


def median_ms(calls):
    """Of one call, each with the next weight, in batches between two events."""
    batch, times = 1, []
    while True:
        times.append(batch_ms(calls, batch))
        if times[-1] * batch >= 2 or batch >= 4096:
            break
        batch *= 2
    return sorted(batch_ms(calls, batch) for _ in range(5))[2]


def batch_ms(calls, batch):
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for i in range(batch):
        calls[i % len(calls)]()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / batch


def two_of_four(scores):
    """1 where a score is among the two largest of its four, else 0."""
    n, k = scores.shape
    kept = scores.view(n, k // 4, 4).topk(2, dim=-1).indices
    return torch.zeros(n, k // 4, 4, device=scores.device).scatter_(-1, kept, 1).view(n, k)


def pruned(n, k):
    """By magnitude, two of each four."""
    w = torch.randn(n, k, device="cuda")
    return (w * two_of_four(w.abs())).to(torch.bfloat16)


def product(m, n, k, ours):
    """Times of PyTorch's dense and 2:4 products, weights cold; a way that fails is a line that says why."""
    x, w = torch.randn(m, k, device="cuda").to(torch.bfloat16), pruned(n, k)
    expected = linear(x, w)
    row = {"m": m, "n": n, "k": k, "sparse24_ms": ours}
    copies = max(1, -(-COLD // (2 * n * k)))
    more = max(1, -(-COLD // (n * k * 9 // 8)))

    def cslt():
        weights = [torch._cslt_compress(w) for _ in range(more)]
        return [lambda a=a: torch._cslt_sparse_mm(a, x.t()).t() for a in weights]

    def semi_structured():
        weights = [to_sparse_semi_structured(w) for _ in range(more)]
        return [lambda a=a: linear(x, a) for a in weights]

    def dense():
        weights = [w.clone() for _ in range(copies)]
        return [lambda a=a: linear(x, a) for a in weights]

    for name, make in (("dense", dense), ("semi_structured", semi_structured), ("cslt", cslt)):
        try:
            calls = make()
            error = (calls[0]().float() - expected.float()).abs().max() / expected.float().abs().max()
            if not error <= 2e-2:
                raise RuntimeError(f"its result differs from the dense one by {error:.3g} of the largest")
            row[name + "_ms"] = median_ms(calls)
        except Exception as e:  # whatever PyTorch throws where it has no such kernel
            row[name + "_absent"] = str(e).splitlines()[0][:200] if str(e) else type(e).__name__
    return row


def rows_of_suite(results):
    try:
        with open(os.path.join(results, "bench.json"), encoding="utf-8") as file:
            rows = json.load(file)["rows"]
    except (OSError, ValueError, KeyError):
        return [(1, 4096, 14336, None), (16, 4096, 14336, None), (256, 4096, 14336, None), (4096, 4096, 4096, None)]
    wanted = ("DECODE", "PREFILL", "SQUARE")
    return [
        (row["m"], row["n"], row["k"], row["ms"])
        for row in rows
        if row["work"] in wanted and row["dtype"] == "BF16" and not row["warm"] and row["n"] * row["k"] <= LARGEST
    ]


def main():
    s24, results = sys.argv[1], sys.argv[2]
    began = time.monotonic()
    report = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "device": torch.cuda.get_device_name(),
        "semi_structured": type(to_sparse_semi_structured(pruned(128, 128))).__name__,
        "conversions": [],
        "products": [],
    }

    def write():
        part = os.path.join(results, "torch.json.part")
        with open(part, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2)
        os.replace(part, os.path.join(results, "torch.json"))

    if not hasattr(conversions, "sparse_semi_structured_from_dense_cutlass"):
        leave(f"PyTorch {torch.__version__} has no conversion to the CUTLASS layout where others have it")
    for n, k, dtype in ((128, 256, torch.bfloat16), (4096, 1024, torch.bfloat16), (64, 64, torch.float16)):
        report["conversions"].append(tried(conversion, s24, n, k, dtype))
        write()
    for n, k, dtype in ((64, 256, torch.int8), (1024, 4096, torch.int8), (64, 256, torch.float8_e4m3fn)):
        report["conversions"].append(tried(eight_bits, s24, n, k, dtype))
        write()
    kinds = ("same_values", "same_metadata", "same_dense")
    different = [one for one in report["conversions"] if not all(one.get(kind, True) for kind in kinds)]
    skipped = 0
    for m, n, k, ours in rows_of_suite(results):
        if time.monotonic() - began > SECONDS:
            skipped += 1
            continue
        report["products"].append(product(m, n, k, ours))
        print(json.dumps(report["products"][-1]), flush=True)
        write()
    report["products_without_time"] = skipped
    write()
    for one in different:
        print("differs:", json.dumps(one))
    conversions_done, products_done = len(report["conversions"]), len(report["products"])
    print(f"{conversions_done} conversions, {len(different)} differ; {products_done} products, {skipped} without time")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
