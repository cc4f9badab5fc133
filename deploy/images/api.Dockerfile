# The API with the web UI in it. From the project's root:
#   docker build -f deploy/images/api.Dockerfile --build-arg VERSION=v1.2.3 -t toygres/api:v1.2.3 .
# `make images` makes the same image without a container engine, on an empty base.
# Nothing here needs BuildKit, which Azure's registry builds without.
ARG GO_VERSION=1.26
ARG NODE_VERSION=20
ARG BASE=gcr.io/distroless/static-debian12:nonroot

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
RUN CGO_ENABLED=0 GOWORK=off go build -trimpath -buildvcs=false -o /toygres-api \
    -ldflags "-s -w -buildid= -X github.com/toygres/toygres/internal/version.release=${VERSION}" ./services/api

FROM ${BASE}
COPY --from=build /toygres-api /toygres-api
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["/toygres-api"]
