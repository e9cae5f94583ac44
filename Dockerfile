# One file for every service: docker build --build-arg WORKSPACE=subgraphs/stories -t heirloom/stories .
# WORKSPACE is the folder of the service: gateway or subgraphs/<name>.
ARG NODE_IMAGE=node:20.20-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY . .
RUN npm ci --ignore-scripts && npx tsc -b

FROM ${NODE_IMAGE} AS dependencies
ARG WORKSPACE=gateway
WORKDIR /app
COPY --from=build /app/package.json /app/package-lock.json /app/.npmrc ./
COPY --from=build /app/packages packages
COPY --from=build /app/gateway gateway
COPY --from=build /app/subgraphs subgraphs
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspace "${WORKSPACE}" \
 && npm cache clean --force

FROM ${NODE_IMAGE} AS run
ARG WORKSPACE=gateway
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=dependencies --chown=root:root /app ./
COPY --chown=root:root schema schema
WORKDIR /app/${WORKSPACE}
# A number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/healthz').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
