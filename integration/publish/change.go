package publish

// ChangeEvery is how many frames a size lasts with Options.Changes. Each begins with a keyframe.
const ChangeEvery = 6 * KeyInterval

// changing gives frames of materials that show the same in other sizes, in turn.
func changing(materials []*Material) func(n int64) []byte {
	return func(n int64) []byte {
		frames := materials[n/ChangeEvery%int64(len(materials))].Frames
		return frames[n%int64(len(frames))]
	}
}
