# What a machine of one's own lacks: the admin API, its sample, and a mailbox. For development alone.
FROM oven/bun:1.4.5-slim AS build
# Certificates of a proxy that the build goes through, where there is one: a path inside this stage.
ARG NODE_EXTRA_CA_CERTS
WORKDIR /src
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --omit=optional --ignore-scripts
COPY . .
RUN bun scripts/build.ts local-stack /out

FROM gcr.io/distroless/base-nossl-debian12:nonroot
ARG VERSION=unversioned
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Knative Jobs: local stack" \
      org.opencontainers.image.description="Admin GraphQL API with a sample tenant, and a mailbox, for development." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="gcr.io/distroless/base-nossl-debian12:nonroot"
COPY --from=build /out/ /
ENV NODE_ENV=production GRAPHILE_ENV=production ADMIN_API_HOST=0.0.0.0 ADMIN_API_PORT=3001 MAILBOX_HOST=0.0.0.0 MAILBOX_PORT=8083
USER 65532:65532
EXPOSE 3001 8083
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/local-stack", "health"]
ENTRYPOINT ["/local-stack"]
CMD ["admin-api"]
