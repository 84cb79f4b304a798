package plan

import (
	"errors"
	"path"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/config"
)

// File is the file to make.
type File struct {
	// Requested is the filepath as it was asked for, templates and all.
	Requested string
	// Name is what EgressInfo calls it: the storage path with extension, without the configured prefix.
	Name string
	// Path is where it goes on this machine: the prefix and Name. A relative one is meant from the working directory
	// of the process, which in a container is "/". Always absolute; also the location in EgressInfo. What goes to
	// another store is made in the work directory.
	Path string
	// Type is the container's MIME type, "video/mp4".
	Type string
	// Container is what a track is recorded into as it comes.
	Container ffpipe.Container
	// Bare says that no manifest is wanted beside it.
	Bare bool
}

// tokens are the values that names may have.
func (w *wish) tokens(req *rpc.StartEgressRequest, now time.Time) outputs.NameTokens {
	return outputs.NameTokens{
		HasPublisher: w.tracks.Participant != "", PublisherIdentity: w.tracks.Participant,
		HasRoom:  w.inRoom || w.roomName != "",
		RoomName: w.roomName,
		RoomID:   req.RoomId,
		Time:     now,
		Retry:    int(req.RetryCount),
	}
}

// file names the file, once and for all.
func (w *wish) file(conf *config.Config, t outputs.NameTokens) (File, error) {
	if w.want.file == nil {
		return File{}, nil
	}
	if err := outputs.RetrySafe(w.want.file.path, t.Retry); err != nil {
		return File{}, errRetry()
	}
	return w.fileIn(conf, w.want.file.container, t)
}

// fileIn names a file of that container.
func (w *wish) fileIn(conf *config.Config, in container, t outputs.NameTokens) (File, error) {
	requested := w.want.filePath()
	name, err := outputs.FileName(requested, in.ext, t)
	if errors.Is(err, outputs.ErrName) {
		return File{}, errField("filepath")
	} else if err != nil {
		return File{}, err
	}
	full, err := filepath.Abs(path.Join(conf.Storage.Prefix, name))
	if err != nil {
		return File{}, errLocal(err)
	}
	return File{Requested: requested, Name: name, Path: full, Type: in.name, Bare: w.want.file != nil && w.want.file.bare}, nil
}
