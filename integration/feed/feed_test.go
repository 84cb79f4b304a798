package feed

import (
	"testing"

	"github.com/ffegress/ffegress/integration/accept"
)

func TestSample(t *testing.T) { accept.Sample(t, Sample()) }
