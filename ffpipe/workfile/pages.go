package workfile

import (
	"io"

	"github.com/ffegress/ffegress/ffpipe/ogg"
)

// headPages are the two that every Ogg/Opus file begins with.
const headPages = 2

// pages is what is whole of an Ogg work file.
type pages struct {
	end    int64 // behind the last whole page; 0 when there is no sound
	last   int64 // where the last page begins
	before int64 // granule position of the page before the last, 0 of a head page
	skip   int64 // samples that a player leaves out at the beginning
}

// scanPages walks the pages up to the first that is damaged, or belongs to no
// such stream. The checksums tell lost disk pages as well.
func scanPages(r io.ReaderAt, end int64) (found pages, err error) {
	in := window{r: r, end: end}
	serial, granule := uint32(0), int64(0)
	at := int64(0)
	for n := uint32(0); at < end; n++ {
		raw, err := in.take(at, ogg.MaxPage)
		if err != nil {
			return pages{}, err
		}
		p, size, err := ogg.Parse(raw)
		if err != nil || n > 0 && p.Serial != serial || p.Sequence != n || p.Granule < granule {
			break
		}
		serial = p.Serial
		if n == 0 {
			if len(p.Packets) != 1 {
				break
			}
			if found.skip, err = ogg.PreSkip(p.Packets[0]); err != nil {
				break
			}
		}
		if n >= headPages {
			found.last, found.before, granule = at, granule, p.Granule
			found.end = at + int64(size)
		}
		at += int64(size)
	}
	return found, nil
}
