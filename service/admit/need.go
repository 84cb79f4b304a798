package admit

import (
	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/plan"
)

// GB is the unit of max_memory and the memory costs, in bytes.
const GB = 1 << 30

// Need is what one egress is reckoned to take.
type Need struct {
	Cores  float64 // reserved
	Wanted float64 // cores that must be free; differs from Cores when the request brings an estimate
	Memory int64   // bytes
}

// NeedOf gives the costs of the cpu_cost section for a class of request. A request's own estimate, in cores, says what
// must be free; what is reserved is the configured cost all the same, as LiveKit Egress has it.
func NeedOf(c config.CPUCost, class plan.Class, estimate float64) Need {
	n := Need{Cores: coresOf(c, class), Memory: bytesOf(c.MemoryCost)}
	if roomSound(class) {
		n.Memory = bytesOf(c.SDKAudioRoomCompositeMem)
	}
	n.Wanted = n.Cores
	if estimate > 0 {
		n.Wanted = estimate
	}
	return n
}

func coresOf(c config.CPUCost, class plan.Class) float64 {
	switch class.Type {
	case plan.TypeRoomComposite, plan.TypeTemplate:
		switch {
		case roomSound(class):
			return c.SDKAudioRoomComposite
		case class.SoundOnly:
			return c.AudioRoomComposite
		}
		return c.RoomComposite
	case plan.TypeWeb:
		if class.SoundOnly {
			return c.AudioWeb
		}
		return c.Web
	case plan.TypeTrackComposite:
		return c.TrackComposite
	case plan.TypeTrack:
		return c.Track
	case plan.TypeParticipant, plan.TypeMedia:
		if class.Passthrough {
			return c.Track
		}
		return c.Participant
	}
	return 0
}

// roomSound tells the sound of a room, recorded without a browser.
func roomSound(class plan.Class) bool {
	return !class.Page && (class.Type == plan.TypeRoomComposite || class.Type == plan.TypeTemplate)
}

// Extremes are the smallest and the largest of the configured costs, in cores.
func Extremes(c config.CPUCost) (least, most float64) {
	all := []float64{
		c.RoomComposite, c.AudioRoomComposite, c.SDKAudioRoomComposite, c.Web, c.AudioWeb, c.Participant, c.TrackComposite, c.Track,
	}
	least = all[0]
	for _, v := range all {
		least, most = min(least, v), max(most, v)
	}
	return least, most
}

func bytesOf(gb float64) int64 { return int64(gb * GB) }
