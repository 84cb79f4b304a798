package lab

import (
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/ffegress/ffegress/integration/rig"
)

// Footprint is what an idle recorder uses.
type Footprint struct {
	Goroutines int64
	Files      int64 // open ones
	Processes  int64
	Bytes      int64 // in its work and temporary directory, without those of a browser that waits
	PSS        int64 // bytes, of its own process
}

// Footprint looks at all but the goroutines.
func (l *Lab) Footprint() (f Footprint, err error) {
	files, err := rig.OpenFiles(l.Egress.PID)
	if err != nil {
		return f, err
	}
	f.Files = int64(files)
	procs, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return f, err
	}
	f.Processes = int64(len(procs))
	for _, p := range procs {
		if p.PID == l.Egress.PID {
			f.PSS = p.PSS
		}
	}
	f.Bytes, err = bytesBelow(l.Egress.WorkDir, l.Egress.Temp)
	return f, err
}

// bytesBelow adds up files.
func bytesBelow(dirs ...string) (sum int64, err error) {
	for _, dir := range dirs {
		err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (strings.HasPrefix(d.Name(), ".browsers-") || strings.HasPrefix(d.Name(), "ffegress-")):
				return fs.SkipDir
			case d.IsDir():
				return nil
			}
			info, err := d.Info()
			if err == nil {
				sum += info.Size()
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return sum, nil
}
