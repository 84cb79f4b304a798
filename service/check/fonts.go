package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// fontDirs are where Debian, and most others, keep fonts.
var fontDirs = []string{"/usr/share/fonts", "/usr/local/share/fonts"}

// checkFonts counts what Chromium can draw letters with: without any a page's text is empty boxes.
func checkFonts(ctx context.Context, _ *subject) []Result {
	// A browser's home is a directory of its own, so the fonts of ours do not count.
	cmd := exec.CommandContext(ctx, "fc-list", "--format", "%{family[0]}\t%{lang}\n", ":scalable=true")
	cmd.Env = append(os.Environ(), "HOME=/nonexistent", "XDG_DATA_HOME=/nonexistent", "XDG_CONFIG_HOME=/nonexistent")
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return judgeFonts(countFonts(fontDirs), nil)
	}
	if err != nil {
		return fail("fc-list: "+oneLine(err), "apt install --reinstall fontconfig")
	}
	return judgeFonts(readFonts(string(out)))
}

// readFonts counts families, and gathers the languages that they cover.
func readFonts(list string) (families int, languages []string) {
	var names []string
	for line := range strings.Lines(list) {
		name, lang, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
		languages = append(languages, strings.Split(lang, "|")...)
	}
	return len(names), append(languages, "known")
}

// countFonts counts font files.
func countFonts(dirs []string) int {
	n := 0
	for _, dir := range dirs {
		// What cannot be read here can Chromium not read either.
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && slices.Contains([]string{".ttf", ".otf", ".ttc"}, strings.ToLower(filepath.Ext(path))) {
				n++
			}
			return nil
		})
	}
	return n
}

// judgeFonts: without known languages there is nothing to say about them.
func judgeFonts(fonts int, languages []string) []Result {
	if fonts == 0 {
		return fail("no fonts: text would be recorded as empty boxes", "apt install fonts-dejavu-core fonts-noto-core")
	}
	for _, special := range []struct{ lang, what, pkg string }{
		{"ja", "Chinese, Japanese and Korean", "fonts-noto-cjk"},
		{"und-zsye", "emoji", "fonts-noto-color-emoji"},
	} {
		if languages != nil && !slices.Contains(languages, special.lang) {
			return warn(fmt.Sprintf("%d font families, none for %s: those would be empty boxes", fonts, special.what), "apt install "+special.pkg)
		}
	}
	return ok("%d font families", fonts)
}
