package plan

import "github.com/livekit/psrpc"

func errField(name string) error {
	return psrpc.NewErrorf(psrpc.InvalidArgument, "request has missing or invalid field: %s", name)
}

func errUnsupported(feature string) error {
	return psrpc.NewErrorf(psrpc.InvalidArgument, "%s is not yet supported", feature)
}

func errIncompatible(format, codec string) error {
	return psrpc.NewErrorf(psrpc.InvalidArgument, "format %s incompatible with codec %s", format, codec)
}

func errNoCodec() error {
	return psrpc.NewErrorf(psrpc.InvalidArgument, "no supported codec is compatible with all outputs")
}

func errNoFileType() error {
	return psrpc.NewErrorf(psrpc.InvalidArgument, "no supported file output type is compatible with the selected codecs")
}

// errURL shows the url without what is secret in it, unlike LiveKit Egress.
func errURL(raw, reason string) error {
	return psrpc.NewErrorf(psrpc.InvalidArgument, "invalid url %s: %s", redactURL(raw), reason)
}

func errRetry() error {
	return psrpc.NewErrorf(psrpc.FailedPrecondition, "output configuration does not support retry")
}

func errLocal(err error) error {
	return psrpc.NewErrorf(psrpc.InvalidArgument, "Local upload failed: %w", err)
}
