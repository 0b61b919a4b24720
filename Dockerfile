ARG BASE=gcr.io/distroless/static-debian13:nonroot

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.version=$VERSION" -o /out/ttledger ./cmd/ttledger \
 && install -d -m 0700 -o 65532 -g 65532 /out/data /out/data/keys

FROM $BASE
COPY --from=build /out/ttledger /ttledger
COPY --from=build --chown=65532:65532 /out/data /var/lib/ttledger
USER 65532:65532
VOLUME /var/lib/ttledger
EXPOSE 8080
ENTRYPOINT ["/ttledger"]
# Inside a container every client is beyond this machine: publish the port to the host's loopback,
# or replace --insecure-listen by --tls-cert and --tls-key, or by --behind-proxy.
CMD ["serve", "--data", "/var/lib/ttledger", "--listen", ":8080", "--insecure-listen"]
