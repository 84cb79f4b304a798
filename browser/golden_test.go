package browser

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what the template shows to testdata/golden instead of comparing")

// Goldens are half as wide and high as the page, one sheet per layout, look and
// shape: a column per number of participants, without and with a shared screen.
const (
	shrinkBy = 2
	sheetGap = 4
)

var (
	crowds  = []int{1, 2, 4, 5, 9, 17}
	layouts = []string{"grid", "grid-light", "speaker", "speaker-light", "single-speaker", "single-speaker-light"}
	covered = []string{"grid", "speaker"} // layouts that are shown with fit=cover, too
	shapes  = []struct {
		name          string
		width, height int
	}{{"16x9", 640, 360}, {"9x16", 360, 640}, {"4x3", 480, 360}}
)

// How far a pixel's channel may be off, how many pixels may be off by more (the
// edges of discs and tiles), and how far the mean of all.
const (
	pixelOff = 24
	shareOff = 0.004
	meanOff  = 1.0
)

// paintWait is how long in all the pictures of one look are taken again: a video that has its picture is painted some
// time later, on a busy machine.
const paintWait = 20 * time.Second

// TestTemplateGolden shows every layout for every crowd in every shape, holds
// the geometry to the rules and the picture to the golden one.
func TestTemplateGolden(t *testing.T) {
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			t.Parallel()
			g := openGallery(t, shape.width, shape.height)
			for _, look := range []string{"", "fit=cover"} {
				g.load(t, look)
				sheets, goldens := map[string]*image.RGBA{}, map[string]image.Image{}
				patience := time.Now().Add(paintWait)
				for column, participants := range crowds {
					for screens := range 2 {
						fresh := true
						for _, layout := range layouts {
							if look != "" && !slices.Contains(covered, layout) {
								continue
							}
							s := scene{layout, participants, screens}
							st := g.arrange(t, s, fresh)
							fresh = false
							st.check(t, s, look == "fit=cover")
							name := goldenName(layout, look, shape.name)
							for {
								cell := shrink(g.picture(t))
								if sheets[name] == nil {
									sheets[name] = newSheet(cell.Bounds())
									goldens[name] = readGolden(t, name)
								}
								at := cellAt(cell.Bounds(), column, screens)
								draw.Draw(sheets[name], at, cell, image.Point{}, draw.Src)
								if differ(goldens[name], sheets[name], at) == "" || time.Now().After(patience) {
									break
								}
							}
						}
					}
				}
				for name, sheet := range sheets {
					compare(t, name, goldens[name], sheet, shape.width/shrinkBy, shape.height/shrinkBy)
				}
			}
		})
	}
}

func goldenName(layout, look, shape string) string {
	if _, fit, ok := strings.Cut(look, "="); ok {
		layout += "-" + fit
	}
	return filepath.Join("testdata", "golden", layout+"_"+shape+".png")
}

func newSheet(cell image.Rectangle) *image.RGBA {
	last := cellAt(cell, len(crowds)-1, 1)
	sheet := image.NewRGBA(image.Rect(0, 0, last.Max.X, last.Max.Y))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.RGBA{128, 128, 128, 255}), image.Point{}, draw.Src)
	return sheet
}

func cellAt(cell image.Rectangle, column, row int) image.Rectangle {
	return cell.Add(image.Pt(column*(cell.Dx()+sheetGap), row*(cell.Dy()+sheetGap)))
}

// shrink gives the mean of each square of shrinkBy pixels.
func shrink(img image.Image) *image.RGBA {
	size := img.Bounds().Size().Div(shrinkBy)
	out := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			var sum [3]uint32
			for i := range shrinkBy * shrinkBy {
				r, g, b, _ := img.At(x*shrinkBy+i%shrinkBy, y*shrinkBy+i/shrinkBy).RGBA()
				sum[0], sum[1], sum[2] = sum[0]+r>>8, sum[1]+g>>8, sum[2]+b>>8
			}
			n := uint32(shrinkBy * shrinkBy)
			out.SetRGBA(x, y, color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
		}
	}
	return out
}

// compare holds a sheet to the golden one, cell by cell, or writes it.
func compare(t *testing.T, path string, golden image.Image, sheet *image.RGBA, width, height int) {
	t.Helper()
	if *update {
		write(t, path, sheet)
		return
	}
	if golden.Bounds() != sheet.Bounds() {
		t.Errorf("%s: %v, want %v", path, sheet.Bounds(), golden.Bounds())
		return
	}
	for column, participants := range crowds {
		for screens := range 2 {
			at := cellAt(image.Rect(0, 0, width, height), column, screens)
			if fault := differ(golden, sheet, at); fault != "" {
				t.Errorf("%s: %d participants, %d screens: %s", path, participants, screens, fault)
			}
		}
	}
	if t.Failed() {
		saved := filepath.Join(t.ArtifactDir(), filepath.Base(path))
		write(t, saved, sheet)
		t.Logf("shown instead (kept with -artifacts): %s", saved)
	}
}

// readGolden gives an empty picture when there is none yet.
func readGolden(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && *update {
		return image.Rectangle{}
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	golden, err := png.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return golden
}

func write(t *testing.T, path string, sheet *image.RGBA) {
	t.Helper()
	var body bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&body, sheet); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// differ says in words how far two pictures are apart, "" when they are alike.
func differ(want, got image.Image, at image.Rectangle) string {
	var sum float64
	far := 0
	for y := at.Min.Y; y < at.Max.Y; y++ {
		for x := at.Min.X; x < at.Max.X; x++ {
			wr, wg, wb, _ := want.At(x, y).RGBA()
			gr, gg, gb, _ := got.At(x, y).RGBA()
			most := 0
			for _, d := range []int{int(wr>>8) - int(gr>>8), int(wg>>8) - int(gg>>8), int(wb>>8) - int(gb>>8)} {
				most = max(most, d, -d)
			}
			sum += float64(most)
			if most > pixelOff {
				far++
			}
		}
	}
	n := float64(at.Dx() * at.Dy())
	if share, mean := float64(far)/n, sum/n; share > shareOff || mean > meanOff {
		return fmt.Sprintf("%.2f %% of the pixels are off by more than %d, the mean is off by %.2f", 100*share, pixelOff, mean)
	}
	return ""
}

// TestGoldenCompareSees makes sure that the tolerance hides nothing: a tile
// that is one pixel off, one of another colour, a scroll bar.
func TestGoldenCompareSees(t *testing.T) {
	all := image.Rect(0, 0, 320, 180)
	paint := func(r image.Rectangle, c color.Color) *image.RGBA {
		img := image.NewRGBA(all)
		draw.Draw(img, all, image.Black, image.Point{}, draw.Src)
		draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
		return img
	}
	tile := image.Rect(107, 0, 213, 60) // one of nine
	want := paint(tile, color.RGBA{200, 40, 40, 255})
	if fault := differ(want, paint(tile, color.RGBA{203, 42, 38, 255}), all); fault != "" {
		t.Errorf("another rounding of colours is told: %s", fault)
	}
	for name, got := range map[string]*image.RGBA{
		"moved":      paint(tile.Add(image.Pt(3, 0)), color.RGBA{200, 40, 40, 255}),
		"recoloured": paint(tile, color.RGBA{40, 200, 40, 255}),
		"missing":    paint(image.Rectangle{}, color.Black),
		"scroll bar": paint(image.Rect(313, 0, 320, 180), color.RGBA{200, 200, 200, 255}),
		"background": paint(all, color.White),
	} {
		if differ(want, got, all) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
}
