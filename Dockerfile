# syntax=docker/dockerfile:1

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build
# The development package "node" goes too: the image brings its own Node 24.
RUN npm prune --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production
# Outside this image the default is loopback. Here the gateway starts only with an https:// COUNTERSIGN_PUBLIC_ORIGIN
# or behind a trusted proxy, and says so otherwise.
ENV COUNTERSIGN_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/policies ./policies
RUN mkdir /data && chown node:node /data && chmod 700 /data
USER node
# Nothing outside /data is written: run with --read-only.
VOLUME /data
EXPOSE 8420
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8420/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=16", "dist/main.js"]
CMD ["up", "--data-dir", "/data", "--port", "8420"]
