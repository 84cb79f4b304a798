package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/ffegress/ffegress/integration/meter"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "meter:", err)
		os.Exit(1)
	}
}

func run() error {
	var l meter.Limits
	asJSON := flag.Bool("json", false, "print JSON")
	check := flag.Bool("check", false, "fail when the limits are not kept")
	sheet := flag.String("sheet", "", "also write a contact sheet to this PNG file")
	participants := flag.Int("participants", 0, "expect p0 … pN-1; 0 = whoever is there")
	flag.Float64Var(&l.OffsetP95, "offset", 40, "A/V offset p95 limit, ms")
	flag.Float64Var(&l.BarError, "bars", 4, "colour bar limit, 8-bit steps")
	flag.Float64Var(&l.UniqueFPS, "fps", 29, "unique frames per second, at least")
	flag.Float64Var(&l.Wall, "wall", 0, "expected duration, seconds")
	flag.Float64Var(&l.WallWithin, "within", 0, "its tolerance, seconds; 0 = not checked")
	flag.Parse()
	if flag.NArg() == 0 {
		return fmt.Errorf("usage: meter [flags] FILE…")
	}
	var o meter.Options
	for id := range *participants {
		o.IDs = append(o.IDs, id)
	}
	for _, path := range flag.Args() {
		r, err := meter.Measure(context.Background(), path, o)
		if err != nil {
			return err
		}
		if *asJSON {
			e := json.NewEncoder(os.Stdout)
			e.SetIndent("", "  ")
			if err := e.Encode(r); err != nil {
				return err
			}
		} else {
			fmt.Print(r)
		}
		if *sheet != "" && r.VideoDuration > 0 {
			if err := meter.Sheet(context.Background(), path, *sheet, r.VideoDuration, 4, 4, 320); err != nil {
				return err
			}
		}
		if faults := r.Check(l); *check && len(faults) > 0 {
			return fmt.Errorf("%s: %q", path, faults)
		}
	}
	return nil
}
