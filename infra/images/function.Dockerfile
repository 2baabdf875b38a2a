# Any one function: --build-arg FUNCTION=NAME takes functions/NAME.
FROM oven/bun:1.4.5-slim AS build
ARG FUNCTION=send-email-link
# Certificates of a proxy that the build goes through, where there is one: a path inside this stage.
ARG NODE_EXTRA_CA_CERTS
WORKDIR /src
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production --omit=optional --ignore-scripts
COPY . .
RUN bun scripts/build.ts "$FUNCTION" /out

FROM gcr.io/distroless/base-nossl-debian12:nonroot
ARG FUNCTION=send-email-link
ARG VERSION=unversioned
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Knative Jobs: ${FUNCTION}" \
      org.opencontainers.image.description="The function ${FUNCTION}, called over HTTP for each of its jobs." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="gcr.io/distroless/base-nossl-debian12:nonroot"
COPY --from=build /out/ /
ENV NODE_ENV=production PORT=8080
# A function waits for others: interpreted it has two thirds of the memory and starts sooner, and a mail costs half as much CPU again
# (`bun run bench image`). One that computes is given BUN_JSC_useJIT=1. Freed memory goes back to the system at once.
ENV BUN_JSC_useJIT=0 MIMALLOC_PURGE_DELAY=0
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/function", "health"]
ENTRYPOINT ["/function"]
