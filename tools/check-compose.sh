#!/usr/bin/env bash
# Checks docker-compose.yml without a Docker engine: complete settings are accepted, missing secrets are refused
# by name. As root on Debian docker-compose is installed when it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
else
  if ! command -v docker-compose >/dev/null && [ "$(id -u)" = 0 ] && [ -z "${ESCALADE_NO_APT:-}" ] &&
    command -v apt-get >/dev/null; then
    echo "installing Debian's docker-compose (set ESCALADE_NO_APT=1 to forbid it)"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-compose >/dev/null
  fi
  command -v docker-compose >/dev/null || {
    echo "error: neither 'docker compose' nor docker-compose is installed" >&2
    exit 1
  }
  compose=(docker-compose)
fi

empty=$(mktemp)
trap 'rm -f "$empty" "$empty.said"' EXIT
# Nothing of the caller's environment may fill in for a setting.
clean=(env -i "PATH=$PATH" "HOME=${HOME:-/root}")

"${clean[@]}" "${compose[@]}" --env-file .env.example config --quiet
echo "compose: valid with .env.example"

if "${clean[@]}" "${compose[@]}" --env-file "$empty" config --quiet 2>"$empty.said"; then
  echo "error: docker-compose.yml is accepted without its secrets" >&2
  exit 1
fi
grep -qE 'set [A-Z_]+ in \.env' "$empty.said" || {
  echo "error: a missing secret is refused without a word on how to mend it:" >&2
  cat "$empty.said" >&2
  exit 1
}
echo "compose: refuses to start without its secrets"
for script in deploy/*.sh tools/*.sh .ci/run; do
  bash -n "$script"
done
