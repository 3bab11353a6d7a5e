#!/usr/bin/env bash
# A Docker engine for the tests that need a real one, sshd for those of the git source, promtool for the alert rules:
# installs Debian's packages and starts dockerd, as root.
# Afterwards:  CI=true EVENKEEL_ENGINES=docker,swarm EVENKEEL_TESTS=engines npm test     (a skip is then a failure)
# With DOCKERD_PID_FILE set, the pid of an engine that it started is left there. With DOCKERD_DATA set, that engine keeps
# what it has in this directory: it meets no container, network or image of an earlier run.
set -eu

if test "$(id -u)" != 0 || ! command -v apt-get >/dev/null; then
  echo "a Docker engine is installed and started here as root on Debian; this is $(id -un) on $(. /etc/os-release && echo "$PRETTY_NAME")" >&2
  exit 1
fi
if ! command -v dockerd >/dev/null || ! test -x /bin/busybox || ! test -x /usr/bin/docker-registry || ! test -x /usr/sbin/sshd || ! test -x /usr/bin/promtool; then
  # No service is started by the packages: there may be no init to start it.
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends docker.io docker-registry iptables iproute2 busybox-static git openssh-server openssh-client prometheus
  rm -f /usr/sbin/policy-rc.d
fi

if docker info >/dev/null 2>&1; then
  echo "a Docker engine is there already: $(docker version --format '{{.Server.Version}}')"
  exit 0
fi

log=${DOCKERD_LOG:-/var/log/dockerd.log}
setsid dockerd ${DOCKERD_DATA:+--data-root "$DOCKERD_DATA"} >"$log" 2>&1 </dev/null &
pid=$!
if test -n "${DOCKERD_PID_FILE:-}"; then echo "$pid" >"$DOCKERD_PID_FILE"; fi
for _ in $(seq 120); do
  if docker info >/dev/null 2>&1; then
    echo "dockerd $(docker version --format '{{.Server.Version}}') runs as pid $pid, log in $log; end it with: kill $pid"
    exit 0
  fi
  if ! kill -0 "$pid" 2>/dev/null; then break; fi
  sleep 0.5
done
echo "dockerd did not come up; the end of $log:" >&2
tail -20 "$log" >&2
exit 1
