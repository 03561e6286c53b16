#!/usr/bin/env bash
# Builds the wheel, looks at what it carries, installs it in an empty environment outside the repository, and runs
# it there: what works only from a checkout fails here.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# From a copy: setuptools would otherwise carry over what an earlier build left in build/.
mkdir "$work/source"
git -C "$root" ls-files -z --cached --others --exclude-standard |
  (cd "$root" && tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null) | tar -C "$work/source" -xf -
"$root/.venv/bin/python" -m build --wheel --outdir "$work/dist" "$work/source" >"$work/build.log" 2>&1 || {
  cat "$work/build.log"
  exit 1
}
wheel=$(echo "$work"/dist/*.whl)

"$root/.venv/bin/python" - "$wheel" <<'PYTHON'
import sys
import zipfile

names = zipfile.ZipFile(sys.argv[1]).namelist()
tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
house = {"escalade", "store", "configuration", "activities", "workflows", "worker", "gateway", "cli"}
wrong = sorted(tops - house)
if wrong:
    sys.exit(f"error: the wheel carries what is not of the house: {wrong}")
if any("__pycache__" in name for name in names):
    sys.exit("error: the wheel carries byte code")
for start in ("escalade/py.typed", "cli/examples/escalade.yaml", "activities/templates/", "store/migrations/"):
    if not any(name.startswith(start) for name in names):
        sys.exit(f"error: the wheel lacks {start}")
print(f"wheel: {len(names)} files of {', '.join(sorted(tops))}")
PYTHON

"$root/tools/make-venv.sh" "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$root/constraints.txt" "$wheel"
cp -R "$root/examples" "$work/examples"
mkdir "$work/empty"
cd "$work/empty"
unset PYTHONPATH ESCALADE_CONFIG ESCALADE_STORE
escalade=$work/venv/bin/escalade
echo "+ escalade --version"
"$escalade" --version
echo "+ ESCALADE_CONFIG=examples escalade check"
ESCALADE_CONFIG=$work/examples "$escalade" check
echo "+ escalade init && escalade check"
"$escalade" init
"$escalade" check
echo "wheel: works in an empty environment"
