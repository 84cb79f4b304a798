package stores

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
)

// manifest is what is judged of an egress' manifest.
type manifest struct {
	EgressID  string   `json:"egress_id"`
	Files     []listed `json:"files"`
	Playlists []struct {
		Location string   `json:"location"`
		Segments []listed `json:"segments"`
	} `json:"playlists"`
	Ours struct {
		Status    string `json:"status"`
		Error     string `json:"error"`
		Checksums []struct {
			Filename string `json:"filename"`
			Size     int64  `json:"size"`
			SHA256   string `json:"sha256"`
		} `json:"checksums"`
	} `json:"ffegress"`
}

type listed struct {
	Filename string `json:"filename"`
	Location string `json:"location"`
}

// found is where the objects of an egress are.
type found struct{ inStore, inBackup int }

// judge holds what an egress tells against what is in the stores: EgressInfo, manifest, and every object that either names.
func (q *quay) judge(ctx context.Context, o *accept.Outcome, final *livekit.EgressInfo) (found, error) {
	o.Want(final.Status == livekit.EgressStatus_EGRESS_COMPLETE && final.Error == "" && !strings.Contains(final.Details, "pending"),
		"%v %q %q", final.Status, final.Error, final.Details)
	body, _, err := q.object(ctx, final.ManifestLocation)
	if err != nil {
		return found{}, fmt.Errorf("the manifest: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil {
		return found{}, fmt.Errorf("the manifest: %w", err)
	}
	o.Want(m.EgressID == final.EgressId && m.Ours.Status == final.Status.String(), "the manifest is of %s, %s", m.EgressID, m.Ours.Status)
	sums := map[string]string{}
	for _, c := range m.Ours.Checksums {
		sums[c.Filename] = c.SHA256
	}
	var at found
	look := func(name, location, sum string) int64 {
		body, backup, err := q.object(ctx, location)
		switch {
		case err != nil:
			o.Want(false, "%s is not at %s: %v", name, location, err)
		case backup:
			at.inBackup++
		default:
			at.inStore++
		}
		o.Want(err != nil || sum == "" || sum == sumOf(body), "%s has another SHA-256 than the manifest says", name)
		return int64(len(body))
	}
	o.Want(len(m.Files) == len(final.FileResults), "%d files in the manifest, %d in the info", len(m.Files), len(final.FileResults))
	for i, f := range final.FileResults {
		size := look(f.Filename, f.Location, sums[f.Filename])
		o.Want(size == f.Size, "%s has %d bytes, the info says %d", f.Filename, size, f.Size)
		o.Want(i < len(m.Files) && m.Files[i].Location == f.Location, "the manifest has the file elsewhere")
		o.Want(sums[f.Filename] != "", "the manifest has no checksum of the file")
	}
	for i, s := range final.SegmentResults {
		if i >= len(m.Playlists) {
			o.Want(false, "the manifest has no playlist")
			break
		}
		list := m.Playlists[i]
		o.Want(list.Location == s.PlaylistLocation, "the playlist is at %s in the info, at %s in the manifest", s.PlaylistLocation, list.Location)
		o.Want(int64(len(list.Segments)) == s.SegmentCount, "%d segments in the manifest, %d in the info", len(list.Segments), s.SegmentCount)
		look(s.PlaylistName, s.PlaylistLocation, "")
		text, _, err := q.object(ctx, s.PlaylistLocation)
		for _, one := range list.Segments {
			look(one.Filename, one.Location, sums[one.Filename])
			o.Want(err != nil || strings.Contains(string(text), path.Base(one.Filename)), "the playlist has no %s", one.Filename)
		}
	}
	o.Want(final.BackupStorageUsed == (at.inBackup > 0), "backup_storage_used is %v with %d objects in the backup", final.BackupStorageUsed, at.inBackup)
	o.Want(q.ends(final.EgressId) <= 1, "%d webhooks of the end", q.ends(final.EgressId))
	return at, nil
}
