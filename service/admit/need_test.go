package admit

import (
	"testing"

	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/plan"
)

func TestNeedOf(t *testing.T) {
	costs := config.CPUCost{
		RoomComposite: 1, AudioRoomComposite: 2, SDKAudioRoomComposite: 3, Web: 4, AudioWeb: 5,
		Participant: 6, TrackComposite: 7, Track: 8, MemoryCost: 1, SDKAudioRoomCompositeMem: 0.5,
	}
	for _, tt := range []struct {
		class  plan.Class
		cores  float64
		memory int64
	}{
		{plan.Class{Type: plan.TypeRoomComposite, Page: true}, 1, GB},
		{plan.Class{Type: plan.TypeRoomComposite, Page: true, SoundOnly: true}, 2, GB},
		{plan.Class{Type: plan.TypeRoomComposite, SoundOnly: true}, 3, GB / 2},
		{plan.Class{Type: plan.TypeTemplate, Page: true}, 1, GB},
		{plan.Class{Type: plan.TypeTemplate, SoundOnly: true}, 3, GB / 2},
		{plan.Class{Type: plan.TypeWeb, Page: true}, 4, GB},
		{plan.Class{Type: plan.TypeWeb, Page: true, SoundOnly: true}, 5, GB},
		{plan.Class{Type: plan.TypeParticipant}, 6, GB},
		{plan.Class{Type: plan.TypeMedia}, 6, GB},
		{plan.Class{Type: plan.TypeMedia, SoundOnly: true}, 6, GB},
		{plan.Class{Type: plan.TypeMedia, Passthrough: true}, 8, GB},
		{plan.Class{Type: plan.TypeTrackComposite}, 7, GB},
		{plan.Class{Type: plan.TypeTrack, Passthrough: true}, 8, GB},
		{plan.Class{}, 0, GB},
	} {
		n := NeedOf(costs, tt.class, 0)
		if n.Cores != tt.cores || n.Wanted != tt.cores || n.Memory != tt.memory {
			t.Errorf("%+v: %+v", tt.class, n)
		}
		if n := NeedOf(costs, tt.class, 1.5); n.Wanted != 1.5 || n.Cores != tt.cores {
			t.Errorf("%+v with an estimate: %+v", tt.class, n)
		}
	}
	if least, most := Extremes(costs); least != 1 || most != 8 {
		t.Errorf("%v to %v", least, most)
	}
}
