#!/bin/sh
# Makes one key for the API: in plain text for the daemon, as a hash for the server. Both run as user 65532. And .env,
# from which compose learns the group that owns the Docker socket.
set -eu
cd "$(dirname "$0")"
if [ -e secrets ]; then
  echo "secrets/ is there already" >&2
  exit 1
fi
umask 077
mkdir secrets
key=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
hash=$(printf %s "$key" | sha256sum | cut -d' ' -f1)
printf 'evenkeel:%s' "$key" >secrets/api_key
printf '{"users":[{"name":"evenkeel","key_sha256":"%s"}]}\n' "$hash" >secrets/users.json
if [ "$(id -u)" = 0 ]; then chown -R 65532:65532 secrets; else sudo chown -R 65532:65532 secrets; fi
umask 022
printf 'DOCKER_GID=%s\n' "$(stat -c %g /var/run/docker.sock)" >.env
echo "made secrets/ and .env; for a shell on this host:"
echo "  export TUTUM_USER=evenkeel TUTUM_APIKEY=$key"
