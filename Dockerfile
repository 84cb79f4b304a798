# The image of ffegress. Any Debian 12 will do as BASE; GO_BASE is one with the Go of go.mod in its PATH.
ARG BASE=docker.io/library/debian:12-slim
ARG GO_BASE=docker.io/library/golang:1.26-bookworm

# Go compiles for the other architecture itself: nothing here is emulated.
FROM --platform=$BUILDPLATFORM ${GO_BASE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS=linux
ARG TARGETARCH
ARG VERSION=0.1.0-dev
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /ffegress ./cmd/ffegress

FROM ${BASE}
# Fonts: what is not covered is recorded as empty boxes. fontconfig is for fc-list, which `ffegress check` asks, and for
# fc-cache: a cache that has to be made anew costs each browser a second. `--user` may name anybody, so both directories are
# open; what is recorded is kept from others by the modes of what is made there.
RUN export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -q \
    && apt-get install -qy --no-install-recommends \
        ca-certificates tzdata tini ffmpeg chromium xvfb pulseaudio \
        fontconfig fonts-dejavu-core fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/log/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/* \
    && fc-cache -s \
    && useradd --uid 1000 --user-group --create-home ffegress \
    && install -d -m 1777 /var/lib/ffegress /out
COPY --from=build /ffegress /usr/bin/ffegress

# Recordings in progress and uploads that are owed: /var/lib/ffegress. It is a volume, so that it can be written when the
# root filesystem can not, and so that what is recorded never goes through the image's layers.
ENV XDG_STATE_HOME=/var/lib LANG=C.UTF-8
VOLUME /var/lib/ffegress
# Relative file names of requests count from here.
WORKDIR /out
USER 1000:1000
STOPSIGNAL SIGTERM
# tini reaps the processes that Chromium leaves behind.
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/bin/ffegress"]
