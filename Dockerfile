# evenkeel as an image: production dependencies only, no shell needed, not root, works with a read-only root file system
# (`docker run --read-only`): the only thing it writes is the journal under /state, which is a volume.
#
# BASE_IMAGE needs node >= 20.19 and, for the build, npm. Signals reach node: the entry point is no shell.
ARG BASE_IMAGE=node:24-bookworm-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM ${BASE_IMAGE}
# git, and ssh, for manifests from a repository; a base without apt-get brings its own.
RUN if command -v apt-get >/dev/null; then apt-get update && \
  apt-get install -y --no-install-recommends ca-certificates git openssh-client && rm -rf /var/lib/apt/lists/*; fi
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY schemas ./schemas
COPY examples ./examples
COPY LICENSE ./
RUN mkdir /state && chown 65532:65532 /state
# Inside a container only its own address can be reached from outside; serve then wants a users file.
ENV NODE_ENV=production EVENKEEL_STATE_DIR=/state EVENKEEL_LISTEN=0.0.0.0:8800
VOLUME /state
EXPOSE 8800
USER 65532:65532
# The server on EVENKEEL_LISTEN, or the daemon by its sign of life in the state directory.
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["node", "/app/dist/cli/main.js", "health"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["--help"]
