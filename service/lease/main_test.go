package lease

import (
	"testing"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	logging.Disable() // a client that is refused says much
	goleak.VerifyTestMain(m)
}
