#!/usr/bin/env bash
# Installs what the live tests need beside the npm packages: redis-server, from Debian's packages.
set -euo pipefail
if command -v redis-server >/dev/null; then
  echo "redis-server is here: $(redis-server --version)"
  exit 0
fi
root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
"${root[@]}" apt-get update -q
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends redis-server
redis-server --version
