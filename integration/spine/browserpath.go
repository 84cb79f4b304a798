package spine

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// BrowserPath is every case of issue A2, at full length.
func BrowserPath() []accept.Case {
	cases := []accept.Case{
		poolStart(100, 20),
		onLine(1, quality(take{id: "pool-grid", title: "RoomComposite grid 720p30 from the warm pool", layout: "grid", shape: hd, pooled: true}, 32*time.Second, strict)),
		cycles(50),
		unifiedInfo(5 * time.Second),
		advanced(10 * time.Second),
		badUnified(true),
		misconfigured(5 * time.Second),
		busStart(overTLS),
		busStart(bySentinels),
		busStart(asCluster),
		busFailover(true),
		onLine(7, cost(hd, 30*time.Second)),
		killSound(3),
		onLine(7, cost(fullHD, 30*time.Second)),
		updateLayout(5 * time.Second),
		customTemplate(5 * time.Second),
		simulcast(10 * time.Second),
		hitches(),
	}
	for _, t := range soundTakes() {
		cases = append(cases, sound(t, 10*time.Second, strict))
	}
	for _, p := range parts {
		cases = append(cases, killCampaign(p, 20))
	}
	return append(cases, presets(10*time.Second)...)
}

// browserPathSample is what `make test` has time for of issue A2.
func browserPathSample() []accept.Case {
	return []accept.Case{
		poolStart(2, 0),
		sound(soundTake{file: soundFiles[0]}, 8*time.Second, busy),
		unifiedInfo(3 * time.Second),
		badUnified(false),
		updateLayout(3 * time.Second),
		misconfigured(20 * time.Second),
		busFailover(false),
	}
}

// onLine gives a case that shows another line of another issue too.
func onLine(line int, c accept.Case) accept.Case {
	c.Line = line
	return c
}
