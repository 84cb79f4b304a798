package reference

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestConfigurationIsFresh: docs/configuration.md is what the code says now.
func TestConfigurationIsFresh(t *testing.T) {
	want, err := Configuration("../../service/config")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/configuration.md is stale: go run ./integration/cmd/reference")
	}
	for _, has := range []string{
		"| `ws_url` | LIVEKIT_WS_URL |", "| `drain_timeout` | 1h |", "| `api_secret`* | LIVEKIT_API_SECRET |", "## `redis.tls`", "## `storage.s3`", "Also read as `s3`",
		"also read as `local_directory`", "**No effect**",
	} {
		if !strings.Contains(string(want), has) {
			t.Errorf("there is no %q", has)
		}
	}
}
