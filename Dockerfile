# The image contains only the program, CA certificates and licences: no shell, no user database.
#
#   docker build -t runzero_exporter .
#   docker run --rm -p 10026:10026 runzero_exporter --demo
#
# To build with another image, pass --build-arg GOLANG=... It needs Go, a shell, and CA certificates
# where Debian has them.
ARG GOLANG=golang:1.26.8-bookworm
FROM --platform=$BUILDPLATFORM ${GOLANG} AS build
WORKDIR /src
# Download modules first, so that a change of the code does not download them again.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG TARGETVARIANT
ARG VERSION=unknown
ARG REVISION=unknown
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH GOARM=${TARGETVARIANT#v} \
    go build -trimpath -buildvcs=false -tags netgo,osusergo -o /out/runzero_exporter \
    -ldflags "-s -X github.com/prometheus/common/version.Version=$VERSION -X github.com/prometheus/common/version.Revision=$REVISION" .

FROM scratch
LABEL org.opencontainers.image.title="runzero_exporter" \
      org.opencontainers.image.description="Prometheus exporter for runZero" \
      org.opencontainers.image.source="https://github.com/runzero-exporter/runzero_exporter" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/runzero_exporter /bin/runzero_exporter
COPY LICENSE THIRD_PARTY_LICENSES /
# Numeric, so that Kubernetes can verify that it is not root.
USER 65534:65534
EXPOSE 10026
ENTRYPOINT ["/bin/runzero_exporter"]
