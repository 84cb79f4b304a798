package card

import "math"

// SampleRate is the rate of card sound in Hz; it is mono.
const SampleRate = 48000

// LoopSamples is the length of one loop of sound in samples.
const LoopSamples = Loop * SampleRate / FPS

const (
	// BeepAmplitude is the amplitude of a beep, full scale being 1.
	BeepAmplitude = 0.15
	// BeepSamples is the length of a beep: 100 ms.
	BeepSamples = SampleRate / 10
	// BeepEdge is the length of its raised-cosine edges: 3 ms. The beep is at
	// half its amplitude half an edge after its onset.
	BeepEdge = SampleRate * 3 / 1000
	// PilotFrequency is the pilot tone of participant 0 in Hz.
	PilotFrequency = 200
	// PilotAmplitude is the amplitude of the pilot tone, −38 dB.
	PilotAmplitude = 0.0125
)

var frequencies = [IDs]float64{
	600, 900, 1300, 1700, 2300, 2900, 3500, 4100,
	4700, 5300, 5900, 6500, 7100, 7700, 8300, 8900,
}

// Frequency is the tone of participant id in Hz.
func Frequency(id int) float64 { return frequencies[id%IDs] }

// Sample is sample m (48 kHz, mono, full scale 1) of participant id's sound
// when it flashes at the given frame of each second. Sample 0 stands at the
// start of frame 0.
func Sample(id, phase, m int) float64 {
	v := 0.0
	onset := phase * SampleRate / FPS
	if at := ((m-onset)%SampleRate + SampleRate) % SampleRate; at < BeepSamples {
		gain := 1.0
		if edge := min(at, BeepSamples-1-at); edge < BeepEdge {
			gain = 0.5 - 0.5*math.Cos(math.Pi*float64(edge)/BeepEdge)
		}
		v = gain * BeepAmplitude * math.Sin(2*math.Pi*Frequency(id)*float64(at)/SampleRate)
	}
	if id == 0 {
		cycle := SampleRate / PilotFrequency
		v += PilotAmplitude * math.Sin(2*math.Pi*float64(((m%cycle)+cycle)%cycle)/float64(cycle))
	}
	return v
}

// Beeping tells whether sample m lies in a beep.
func Beeping(phase, m int) bool {
	return ((m-phase*SampleRate/FPS)%SampleRate+SampleRate)%SampleRate < BeepSamples
}
