package meter

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// MP3Frames compares the header of an MP3 with the file: how many frames its Xing or Info tag says there are, and how
// many ffprobe finds, which does not count the tag's own.
func MP3Frames(ctx context.Context, path string) (said, found int64, err error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	// The tag is in the first frame, with the number of frames if its lowest flag is set.
	head := file[:min(len(file), 200)]
	at := max(bytes.Index(head, []byte("Info")), bytes.Index(head, []byte("Xing")))
	if at < 0 || len(head) < at+12 || head[at+7]&1 == 0 {
		return 0, 0, errors.New("no Xing or Info tag that tells the frames")
	}
	said = int64(binary.BigEndian.Uint32(head[at+8:]))
	out, err := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path).Output()
	if err != nil {
		return said, 0, fmt.Errorf("probe %s: %w", path, err)
	}
	found, err = strconv.ParseInt(strings.Trim(string(out), ",\n"), 10, 64)
	return said, found, err
}
