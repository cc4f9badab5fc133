# API and worker in one container with PostgreSQL 18, for laptops: the provider `local` runs instances as processes of the
# machine that both programs share. docker-compose.yml uses it; nothing else does.
ARG GO_VERSION=1.26
ARG NODE_VERSION=20

FROM node:${NODE_VERSION}-bookworm-slim AS ui
WORKDIR /src/ui
COPY ui/package.json ui/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY ui/ ./
RUN npm run build

FROM golang:${GO_VERSION}-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN GOWORK=off go mod download
COPY . .
COPY --from=ui /src/ui/dist/ ui/dist/
ARG VERSION=(devel)
RUN CGO_ENABLED=0 GOWORK=off go build -trimpath -buildvcs=false -o /out/ \
    -ldflags "-s -w -buildid= -X github.com/toygres/toygres/internal/version.release=${VERSION}" ./services/... && \
    mv /out/api /out/toygres-api && mv /out/worker /out/toygres-worker

FROM postgres:18-bookworm
COPY --from=build /out/toygres-api /out/toygres-worker /usr/local/bin/
COPY deploy/images/both /usr/local/bin/toygres-both
RUN mkdir -p /var/lib/toygres && chown postgres:postgres /var/lib/toygres
USER postgres
ENV TOYGRES_PROVIDER=local \
    TOYGRES_LOCAL_DIR=/var/lib/toygres/instances \
    TOYGRES_LOCAL_POSTGRES=/usr/lib/postgresql/18
VOLUME /var/lib/toygres
ENTRYPOINT ["toygres-both"]
