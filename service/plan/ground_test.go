package plan

import (
	"path/filepath"
	"testing"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/rtpfeed"
)

// TestRoots: what is named when it is accepted, and a track that is named when it is known, go below local_output_roots.
func TestRoots(t *testing.T) {
	dir := t.TempDir()
	conf := testConfig()
	conf.LocalOutput.Roots = []string{filepath.Join(dir, "allowed")}
	for _, tt := range []struct{ path, want string }{
		{dir + "/allowed/new/x", ""},
		{dir + "/x", "Local upload failed: " + dir + "/x.ogg is not below any of local_output_roots"},
		{dir + "/allowed/../x", "Local upload failed: " + dir + "/x.ogg is not below any of local_output_roots"},
	} {
		p, err := New(conf, parse(t, "track", `{"room_name": "r", "track_id": "TR_x", "file": {"filepath": "`+tt.path+`"}}`))
		if err != nil {
			t.Fatal(err)
		}
		file, err := p.NameTrack(rtpfeed.Track{SID: "TR_x", Codec: rtpfeed.Opus})
		if err != nil {
			t.Fatal(err)
		}
		errs := []error{p.PrepareFile(file)}
		p, err = New(conf, parse(t, "room", `{"room_name": "r", "audio_only": true, "file_outputs": [{"filepath": "`+tt.path+`"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range append(errs, p.Prepare()) {
			if tt.want != "" {
				wantError(t, err, psrpc.InvalidArgument, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		}
	}
}
