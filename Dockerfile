# A container image of Thingscope, from a clone of the repository:
#   docker build --tag thingscope .
#   docker run --publish 5000:5000 --volume thingscope:/data --device /dev/video0 --group-add video thingscope
# docs/install.md has more. Other base images, with Node 20.19 or newer, npm and apt: --build-arg NODE_IMAGE=...
ARG NODE_IMAGE=docker.io/library/node:20-bookworm-slim

FROM ${NODE_IMAGE} AS built
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev libjpeg62-turbo-dev
WORKDIR /source
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund \
  && node scripts/prepare.mjs \
  && node scripts/package-npm.mjs --to /packed
WORKDIR /opt/thingscope
RUN tar -xzf /packed/thingscope-*.tgz --strip-components=1 \
  && node /source/scripts/install-libraries.mjs . \
  && node scripts/build-native.mjs

FROM ${NODE_IMAGE}
# For the program that opens webcams.
RUN apt-get update && apt-get install --yes --no-install-recommends libjpeg62-turbo && rm -rf /var/lib/apt/lists/*
COPY --from=built /opt/thingscope /opt/thingscope
RUN ln -s /opt/thingscope/dist/bundle/src/cli/main.js /usr/local/bin/thingscope \
  && mkdir /data && chown 1000:1000 /data
USER 1000:1000
WORKDIR /data
VOLUME /data
EXPOSE 5000
HEALTHCHECK --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:5000/health').then(({ status }) => process.exit(status < 500 ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["thingscope"]
CMD ["serve", "--lan"]
