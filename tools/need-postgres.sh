#!/usr/bin/env bash
# Makes PostgreSQL's server programs present for the tests, where that is possible without asking anybody:
# as root on Debian. Elsewhere it says what will be skipped and succeeds.
set -euo pipefail

present() {
  command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

if present; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && [ -z "${ESCALADE_NO_APT:-}" ] && command -v apt-get >/dev/null; then
  echo "installing Debian's postgresql for the tests (set ESCALADE_NO_APT=1 to forbid it)"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null
  present && exit 0
fi
echo "note: PostgreSQL is not installed: the tests marked 'postgres' will be skipped and counted"
