"""Lets Python import the CPU selection of the CUDA wheel of PyTorch, for tests on a machine without a GPU.

usage: cuda_stand_ins.py SITE DESTINATION

`import torch` loads libtorch_cuda.so, which wants cuBLAS, cuDNN and others: 3 GB that a machine without a GPU never
calls. Into DESTINATION (a site-packages directory) this puts links to the wheel in SITE and, for each library that is
not there, a stand-in that exports exactly the names asked for, each returning 0. No call reaches them while
`torch.cuda.is_available()` is false. Only tests use this; our own programs link libtorch without its CUDA half.
Needs cc, nm and readelf (binutils comes with cc).
"""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

# On x86-64 and on ARM: one body for all names, "return 0".
RETURN_ZERO = """
#if defined(__x86_64__)
    xor %eax, %eax
#elif defined(__aarch64__)
    mov x0, #0
#endif
    ret
    .section .note.GNU-stack,"",%progbits
"""


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(library, which):
    """(name, version) of a library's dynamic symbols; `which` is --defined-only or --undefined-only."""
    for line in output("nm", "-D", which, str(library)).splitlines():
        name, _, version = line.split()[-1].partition("@")
        yield name, version.lstrip("@")


def needed(library):
    """The file names that a library asks the loader for."""
    return re.findall(r"NEEDED.*\[(.+)\]", output("readelf", "-d", "-W", str(library)))


def version_owners(library):
    """From a symbol version to the file name that must define it."""
    owners, file = {}, None
    for line in output("readelf", "-V", "-W", str(library)).splitlines():
        if found := re.search(r"File: (\S+)", line):
            file = found[1]
        if found := re.search(r"Name: (\S+)", line):
            owners[found[1]] = file
    return owners


def wanted(site):
    """From a missing library to {version: names} that it must export."""
    libraries = [path for path in site.glob("torch/lib/*.so*")] + [path for path in site.glob("nvidia/*/lib/*.so*")]
    present = {path.name for path in libraries}
    users = [path for path in site.glob("torch/lib/lib*.so") if path.name not in ("libcaffe2_nvrtc.so", "libtorch_cuda_linalg.so")]
    missing = {name for user in users for name in needed(user) if re.match(r"lib(cu|nccl|nvshmem)", name)} - present
    defined = {name for path in libraries for name, _ in symbols(path, "--defined-only")}
    wants = {name: defaultdict(set) for name in missing}
    for user in users:
        owners = version_owners(user)
        for name, version in symbols(user, "--undefined-only"):
            if name in defined or not re.match(r"(cu|nccl|nvshmem)", name):
                continue
            # A name without a version may come from any of them: the loader looks through all.
            owner = owners.get(version, min(missing & set(needed(user)), default=None)) if missing else None
            if owner in wants:
                wants[owner][version].add(name)
    return wants


def build(file_name, names_by_version, directory):
    names = sorted(name for names in names_by_version.values() for name in names)
    source = ".text\n" + "".join(f".globl {name}\n.type {name}, %function\n{name}:\n" for name in names) + RETURN_ZERO
    versions = [f"{v} {{ global: {' '.join(f'{n};' for n in sorted(ns))} }};" for v, ns in sorted(names_by_version.items()) if v]
    with tempfile.TemporaryDirectory() as scratch:
        assembly, script = Path(scratch, "stand_in.S"), Path(scratch, "versions.map")
        assembly.write_text(source)
        script.write_text("\n".join(versions) + "\n")
        flags = [f"-Wl,--version-script={script}"] if versions else []
        subprocess.run(
            ["cc", "-shared", "-nostdlib", f"-Wl,-soname,{file_name}", *flags, "-o", str(directory / file_name), str(assembly)],
            check=True,
        )


def link_children(source, destination, except_for=()):
    destination.mkdir(parents=True, exist_ok=True)
    for child in source.iterdir():
        if child.name not in except_for:
            (destination / child.name).symlink_to(child)


def main(site, destination):
    # The loader resolves $ORIGIN by the path it was given, so a directory of links looks like a whole wheel to it.
    link_children(site / "torch", destination / "torch", except_for=("lib",))
    link_children(site / "torch" / "lib", destination / "torch" / "lib")
    libraries = destination / "nvidia" / "cu13" / "lib"
    link_children(site / "nvidia" / "cu13" / "lib", libraries)
    for name in ("functorch", "torchgen"):
        (destination / name).symlink_to(site / name)
    for file_name, names_by_version in sorted(wanted(site).items()):
        build(file_name, names_by_version, libraries)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
