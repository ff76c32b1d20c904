# One image for every role: docker build -t hris-relay . (or podman, or buildah with --format docker,
# which keeps the health check). `.ci/image` builds it where no registry can be reached, and proves it.

# Pin both by digest in a release: --build-arg BUILDER=docker.io/library/rust:1.95-bookworm@sha256:...
# The builder's glibc must not be newer than the runtime's: both are Debian 12.
ARG BUILDER=docker.io/library/rust:1.95-bookworm
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILDER} AS toolchain
ARG CARGO_AUDITABLE=0.7.7
ENV CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
# The registry is a cache beside the layers: they hold what was compiled, not what was fetched.
RUN --mount=type=cache,id=hris-relay-registry,target=/usr/local/cargo/registry,sharing=locked \
    cargo install --quiet --locked --root /usr/local --version "${CARGO_AUDITABLE}" cargo-auditable
# Nothing of one build is in the program: no time (OpenSSL would write it down), no folder.
ENV SOURCE_DATE_EPOCH=1 \
    RUSTFLAGS="--remap-path-prefix=/usr/local/cargo/registry/src=registry --remap-path-prefix=/build=."
WORKDIR /build

# Dependencies, OpenSSL and librdkafka among them, change with the lock file alone: they are
# compiled for an empty program, and the program itself is forgotten.
FROM toolchain AS dependencies
COPY Cargo.toml Cargo.lock ./
RUN --mount=type=cache,id=hris-relay-registry,target=/usr/local/cargo/registry,sharing=locked \
    mkdir -p src benches/throughput tests/simulation \
    && echo 'fn main() {}' >src/main.rs \
    && touch src/lib.rs benches/throughput/main.rs tests/simulation/main.rs \
    && cargo auditable build --locked --profile dist \
    && cargo clean --locked --profile dist --package hris-relay

FROM dependencies AS builder
COPY src src
RUN --mount=type=cache,id=hris-relay-registry,target=/usr/local/cargo/registry,sharing=locked \
    cargo auditable build --locked --profile dist \
    && install -D --mode=0755 target/dist/hris-relay /out/hris-relay \
    && mkdir /out/data

FROM ${RUNTIME} AS runtime
COPY LICENSE /usr/share/doc/hris-relay/LICENSE
# A new volume takes its owner from the folder it is mounted on.
COPY --from=builder --chown=65532:65532 /out/data /var/lib/hris-relay
COPY --from=builder /out/hris-relay /usr/local/bin/hris-relay
# `data_dir` is ./data unless it is configured.
WORKDIR /var/lib/hris-relay
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/hris-relay"]
# Which role it plays must be said: the help tells which there are.
CMD ["--help"]
# Last, since they change with every commit.
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="hris-relay" \
    org.opencontainers.image.description="Keeps exam platforms in step with a company's HR system" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.source="${SOURCE}"
# Asks the address of `admin.listen`, as the defaults and the environment tell it. It stands last
# since older versions of buildah forget it at the next instruction.
HEALTHCHECK --interval=10s --timeout=5s --start-period=2m --retries=3 \
    CMD ["/usr/local/bin/hris-relay", "healthcheck"]
