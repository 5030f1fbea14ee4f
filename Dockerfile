# The services and the worker in one image: `node dist/main/serve-main.js` or `node dist/main/work-main.js`.
FROM node:22-bookworm-slim AS build
WORKDIR /umpire
COPY package.json package-lock.json .npmrc ./
COPY gen/package.json gen/
COPY sdk/package.json sdk/
RUN npm ci --no-audit --no-fund
COPY . .
RUN npx tsc -b && npm prune --omit=dev

FROM node:22-bookworm-slim
WORKDIR /umpire
ENV NODE_ENV=production
COPY --from=build --chown=node:node /umpire ./
RUN mkdir /data && chown node:node /data
USER node
CMD ["node", "--max-semi-space-size=64", "dist/main/serve-main.js"]
