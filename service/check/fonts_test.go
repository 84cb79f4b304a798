package check

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestFonts(t *testing.T) {
	if got := checkFonts(t.Context(), about(t, "")); len(got) != 1 || got[0].Status == Fail {
		t.Errorf("with this machine's fonts: %v", got)
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "fonts.conf")
	text := fmt.Sprintf("<?xml version=\"1.0\"?><fontconfig><dir>%s</dir><cachedir>%s</cachedir></fontconfig>", dir, dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FONTCONFIG_FILE", conf)
	want(t, checkFonts(t.Context(), about(t, "")), Fail, "no fonts", "apt install fonts-dejavu-core")

	t.Setenv("PATH", dir) // no fc-list
	defer func(dirs []string) { fontDirs = dirs }(fontDirs)
	fontDirs = []string{filepath.Join(dir, "nowhere"), dir}
	want(t, checkFonts(t.Context(), about(t, "")), Fail, "no fonts", "apt install fonts-dejavu-core")
	if err := os.WriteFile(filepath.Join(dir, "a.TTF"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, checkFonts(t.Context(), about(t, "")), OK, "1 font families", "")
}

func TestFontsAreJudged(t *testing.T) {
	for _, c := range []struct {
		list          string
		status        Status
		found, remedy string
	}{
		{"", Fail, "no fonts", "apt install fonts-dejavu-core"},
		{"DejaVu Sans\tde|en\nDejaVu Sans\tde|en\n", Warn, "1 font families, none for Chinese", "apt install fonts-noto-cjk"},
		{"DejaVu Sans\tde|en\nNoto CJK\tja|ko|zh-cn\n", Warn, "2 font families, none for emoji", "apt install fonts-noto-color-emoji"},
		{"A\tde\nNoto CJK\tja\nNoto Emoji\tund-zsye\n", OK, "3 font families", ""},
	} {
		want(t, judgeFonts(readFonts(c.list)), c.status, c.found, c.remedy)
	}
}
