# shellcheck shell=bash
# What the scripts share; sourced, never run. It finds the checkout, speaks, times steps and names the command that
# installs a missing tool. It installs nothing itself.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# tch 0.24 speaks to exactly this PyTorch.
TORCH_VERSION=2.11.0
# Where libtorch lives when LIBTORCH doesn't say otherwise; `.cargo/config.toml` names the same place.
LIBTORCH_HOME=$ROOT/.libtorch

say() { printf '%s\n' "$*"; }

# die MESSAGE [CURE]: ends the script with an error and how to get past it.
die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '  cure: %s\n' "$2" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# seconds_since START: START is an earlier $SECONDS.
seconds_since() {
    local span=$((SECONDS - $1))
    if [ "$span" -ge 60 ]; then printf '%d min %02d s' $((span / 60)) $((span % 60)); else printf '%d s' "$span"; fi
}

# install_command DEBIAN FEDORA ARCH SUSE: the command for this machine's package manager.
install_command() {
    local sudo=''
    [ "$(id -u)" = 0 ] || sudo='sudo '
    if have apt-get; then say "${sudo}apt-get update && ${sudo}apt-get install -y $1"
    elif have dnf; then say "${sudo}dnf install -y $2"
    elif have pacman; then say "${sudo}pacman -S --needed $3"
    elif have zypper; then say "${sudo}zypper install -y $4"
    else say "install $1 with this system's package manager"; fi
}

have_pip() { python3 -m pip --version >/dev/null 2>&1; }
pip_install_command() { install_command python3-pip python3-pip python-pip python3-pip; }
pip_install() { python3 -m pip --disable-pip-version-check --quiet install --no-warn-script-location --root-user-action=ignore "$@"; }

# torch_version DIR: the version of the libtorch in DIR, without its build tag. A pip install has version.py,
# PyTorch's zip has build-version; prints nothing where there is neither.
torch_version() {
    if [ -f "$1/build-version" ]; then sed 's/+.*//' "$1/build-version"
    elif [ -f "$1/version.py" ]; then sed -n "s/^__version__ = '\([0-9.]*\).*/\1/p" "$1/version.py"; fi
}

# libtorch_dir: the libtorch that a build will use. Cargo hands its own setting down to what it starts, so the
# checkout's own path counts as "not set".
libtorch_dir() { say "${LIBTORCH:-$LIBTORCH_HOME/torch}"; }
