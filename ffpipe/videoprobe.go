package ffpipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// AutoVideoEncoder asks for the first device's encoder that works, and for x264 where none does.
const AutoVideoEncoder = "auto"

// VideoEncoders are all that can be asked for, by their names in the configuration.
var VideoEncoders = []string{string(X264), string(VAAPI), string(NVENC), string(QSV), AutoVideoEncoder}

// auto is the order of [AutoVideoEncoder]: what has an encoder of its own beside the cores first.
var auto = []VideoEncoder{NVENC, QSV, VAAPI}

// renderNodes is where Linux has the GPUs' devices; a variable for tests.
var renderNodes = "/dev/dri/renderD*"

// encodeWait is how long a device may take for the first picture; some drivers compile their kernels meanwhile.
const encodeWait = 10 * time.Second

// Refusal is why an encoder cannot be used.
type Refusal struct {
	Encoder VideoEncoder
	Err     error
}

// Error is "vaapi: no /dev/dri/renderD*: …".
func (r *Refusal) Error() string { return fmt.Sprintf("%s: %v", r.Encoder, r.Err) }

// Unwrap is the reason.
func (r *Refusal) Unwrap() error { return r.Err }

var (
	errNoNode  = errors.New("no /dev/dri/renderD*: this machine has no GPU that Linux knows, or the container was not given it (--device /dev/dri)")
	errNothing = errors.New("it ended without a picture")
)

// ChooseVideoEncoder finds the encoder for a name of [VideoEncoders]. Each device that comes into question has to
// encode a picture. What is refused is told, and x264, which is not tried, takes its place. The error is that of ctx.
func ChooseVideoEncoder(ctx context.Context, ffmpegPath, name string) (VideoDevice, []*Refusal, error) {
	wanted := []VideoEncoder{VideoEncoder(name)}
	if name == AutoVideoEncoder {
		wanted = auto
	}
	var refused []*Refusal
	for _, encoder := range wanted {
		if encoder == "" || encoder == X264 {
			break
		}
		d, err := tryEncoder(ctx, orElse(ffmpegPath, "ffmpeg"), encoder)
		if ctx.Err() != nil {
			return VideoDevice{}, refused, context.Cause(ctx)
		}
		if err == nil {
			return d, refused, nil
		}
		refused = append(refused, &Refusal{encoder, err})
	}
	return VideoDevice{}, refused, nil
}

// tryEncoder gives the first device on which the encoder works, or why the first one does not.
func tryEncoder(ctx context.Context, path string, encoder VideoEncoder) (VideoDevice, error) {
	if encoder == NVENC { // it finds its devices itself
		d := VideoDevice{Encoder: encoder}
		return d, tryDevice(ctx, path, d)
	}
	nodes, err := filepath.Glob(renderNodes)
	if err != nil {
		return VideoDevice{}, err
	}
	slices.Sort(nodes)
	err = errNoNode
	for i, node := range nodes {
		d := VideoDevice{Encoder: encoder, Node: node}
		again := tryDevice(ctx, path, d)
		if again == nil {
			return d, nil
		}
		if i == 0 {
			err = again
		}
	}
	return VideoDevice{}, err
}

// tryDevice has a device encode one picture.
func tryDevice(ctx context.Context, path string, d VideoDevice) error {
	if d.Node != "" {
		f, err := os.OpenFile(d.Node, os.O_RDWR, 0)
		if errors.Is(err, os.ErrPermission) {
			return fmt.Errorf("%w: the user of ffegress needs the group of that file (render, mostly)", err)
		}
		if err != nil {
			return err
		}
		_ = f.Close()
	}
	o := EncoderOptions{Video: true, Width: 640, Height: 360, FPS: 30, VideoBitrate: 1000, KeyFrameInterval: 1, Device: d}
	e, err := StartEncoder(path, o, nil)
	if err != nil {
		return err
	}
	late := errors.New("it took longer than " + encodeWait.String())
	ctx, cancel := context.WithTimeoutCause(ctx, encodeWait, late)
	defer cancel()
	defer context.AfterFunc(ctx, e.Proc().Kill)()
	go func() {
		// An encoder that is gone takes nothing; its end tells why.
		_, _ = e.Video().Write(make([]byte, o.Width*o.Height*3/2))
		_ = e.Video().Close()
	}()
	out, readErr := io.ReadAll(e.Output())
	err = e.Close()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return first(err)
	case readErr != nil:
		return readErr
	case !bytes.Contains(out, []byte("mdat")):
		return errNothing
	}
	return nil
}

// first has an exit told by the first line that the child said: what follows is of what came of it.
func first(err error) error {
	exit := ErrorOf(err)
	if exit == nil || len(exit.Tail) == 0 {
		return err
	}
	only := *exit
	only.Tail = exit.Tail[:1]
	return &only
}
