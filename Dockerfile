# The recorder and what it needs at run time, nothing else. DuckDB, the optional dependency, is used by the demo alone.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
# The port is the one that EXPOSE and HEALTHCHECK name, so it wins over the config file. Only what is published is reachable.
# Large buffers go back to the system when they are freed; glibc would otherwise keep what lies between them, ever more of it.
ENV NODE_ENV=production METRICS_HOST=0.0.0.0 METRICS_PORT=9090 MALLOC_MMAP_THRESHOLD_=131072
WORKDIR /app
# A new volume takes its owner from the folder that it covers.
RUN mkdir data logs && chown 1000:1000 data logs
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE config.toml ./
COPY src ./src
USER 1000:1000
VOLUME ["/app/data", "/app/logs"]
EXPOSE 9090
STOPSIGNAL SIGTERM
# "degraded" answers 200: something needs a look, or what a crash left is still put in order; a restart would mend neither.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.METRICS_PORT + '/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Without a shell or npm in between, so that node itself gets the signal. Young objects may take 16 MB, or by their default several
# times as much memory is used.
ENTRYPOINT ["node", "--max-semi-space-size=16", "src/main.ts"]
CMD ["run"]
