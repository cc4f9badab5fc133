# The worker. From the project's root:
#   docker build -f deploy/images/worker.Dockerfile --build-arg VERSION=v1.2.3 -t toygres/worker:v1.2.3 .
# `make images` makes the same image without a container engine, on an empty base.
# Nothing here needs BuildKit, which Azure's registry builds without.
ARG GO_VERSION=1.26
ARG BASE=gcr.io/distroless/static-debian12:nonroot

FROM golang:${GO_VERSION}-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN GOWORK=off go mod download
COPY . .
ARG VERSION=(devel)
RUN CGO_ENABLED=0 GOWORK=off go build -trimpath -buildvcs=false -o /toygres-worker \
    -ldflags "-s -w -buildid= -X github.com/toygres/toygres/internal/version.release=${VERSION}" ./services/worker

FROM ${BASE}
COPY --from=build /toygres-worker /toygres-worker
USER 65532:65532
EXPOSE 8081
ENTRYPOINT ["/toygres-worker"]
