#!/usr/bin/env bash
# Assembles a base image for the Dockerfile from this machine's own node, npm and C library, where no registry of images
# can be reached: `scripts/image-base.sh NAME` imports it under NAME. Needs docker and busybox-static (Debian).
set -euo pipefail
name=${1:?usage: scripts/image-base.sh NAME}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
node=${NODE_BINARY:-$(readlink -f "$(command -v node)")}
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")

mkdir -p "$root"/{bin,etc/ssl/certs,lib64,proc,root,sys,tmp,usr/bin,usr/etc,usr/lib/node_modules,var/tmp}
chmod 1777 "$root/tmp"
for applet in $(/bin/busybox --list); do ln -sf /bin/busybox "$root/bin/$applet"; done
cp --remove-destination /bin/busybox "$root/bin/busybox"
ln -s /bin/busybox "$root/usr/bin/env"
cp "$node" "$root/usr/bin/node"
cp -r "$npm" "$root/usr/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
# Every library node asks for, and what the C library loads by itself to look names up.
for library in $(ldd "$node" | grep -o '/[^ )]*') /lib/x86_64-linux-gnu/libnss_{dns,files}.so.2 /lib/x86_64-linux-gnu/libresolv.so.2; do
  mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library"
done
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
# The build reaches packages the way this machine does.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
{
  printf 'registry=%s\n' "$(npm config get registry)"
  [ -f "$root/etc/ssl/certs/ca-certificates.crt" ] && printf 'cafile=/etc/ssl/certs/ca-certificates.crt\n'
} >"$root/usr/etc/npmrc"
tar -C "$root" -c . | docker import --change 'ENV PATH=/usr/bin:/bin' - "$name" >/dev/null
echo "$name"
