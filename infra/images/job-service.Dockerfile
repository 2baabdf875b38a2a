# Worker, scheduler, callback server, migrations and command line: one program, whose first word says which.
FROM oven/bun:1.4.5-slim AS build
# Certificates of a proxy that the build goes through, where there is one: a path inside this stage.
ARG NODE_EXTRA_CA_CERTS
WORKDIR /src
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production --omit=optional --ignore-scripts
COPY . .
RUN bun scripts/build.ts job-service /out

FROM gcr.io/distroless/base-nossl-debian12:nonroot
ARG VERSION=unversioned
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Knative Jobs: job service" \
      org.opencontainers.image.description="Claims background jobs from Postgres, sends them to HTTP functions and records what came of them." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="gcr.io/distroless/base-nossl-debian12:nonroot"
COPY --from=build /out/ /
ENV NODE_ENV=production INTERNAL_JOBS_CALLBACK_PORT=8080 JOBS_WORKER_PORT=8080 JOBS_SCHEDULER_PORT=8080
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/job-service", "health"]
ENTRYPOINT ["/job-service"]
CMD ["serve"]
