package outlets

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// sent are the cases of streams.
func sent() []accept.Case {
	return []accept.Case{
		rtmp(20*time.Second, true),
		rtmps(10 * time.Second),
		srt(10 * time.Second),
		update(8 * time.Second),
		swap(5 * time.Minute),
		outage(8*time.Second, 20*time.Second),
		faults(8 * time.Second),
		refused(),
		rejected(),
		senderCost(20 * time.Second),
		imagesCost(20 * time.Second),
		secrets(6 * time.Second),
		sockets("template", 15*time.Second),
		sockets("web", 15*time.Second),
		sockets("media", 15*time.Second),
	}
}

func sentSample() []accept.Case {
	return []accept.Case{rtmp(8*time.Second, false)}
}
