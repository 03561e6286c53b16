#!/usr/bin/env bash
# Makes DIRECTORY a virtual environment of a Python that is new enough: tools/make-venv.sh DIRECTORY
# PYTHON chooses the interpreter; otherwise python3, then the newest versioned name on PATH.
set -euo pipefail

directory=${1:?usage: tools/make-venv.sh DIRECTORY}

new_enough() {
  command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
  if new_enough "$candidate"; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  {
    echo "error: Escalade needs Python 3.11 or newer."
    echo "  found: ${PYTHON:-python3}: $(${PYTHON:-python3} --version 2>/dev/null || echo 'no such program')"
    echo "  mend:  install it, or name one: make PYTHON=/path/to/python3.12"
  } >&2
  exit 1
fi

make_it() { "$python" -m venv --clear "$directory"; }

# Debian splits venv's own pip (ensurepip) from python3.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && [ -z "${ESCALADE_NO_APT:-}" ] && command -v apt-get >/dev/null; then
    echo "installing Debian's python3-venv (set ESCALADE_NO_APT=1 to forbid it)"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  fi
fi
if ! make_it; then
  {
    echo "error: $python cannot make a virtual environment."
    echo "  mend: install its venv module (Debian and Ubuntu: apt-get install python3-venv), then run make again"
  } >&2
  exit 1
fi
