package lease

import (
	"encoding/json"
	"fmt"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ffegress/ffegress/service/plan"
)

// Name is that of the lease of an egress, or of a later try of it, which has a lease and an end of its own.
func Name(info *livekit.EgressInfo) string { return plan.TryName(info.EgressId, info.RetryCount) }

// Record is what Redis keeps of an egress that runs, or of its end.
type Record struct {
	Node      string
	Info      *livekit.EgressInfo // redacted
	Delivered bool                // of an end: livekit-server has been told
	Resumed   bool                // of an end: the next try goes on, and nobody is told
}

// wire is a record as it stands in Redis.
type wire struct {
	Node      string          `json:"node"`
	Info      json.RawMessage `json:"info"`
	Delivered bool            `json:"delivered,omitempty"`
	Resumed   bool            `json:"resumed,omitempty"`
}

func (r Record) encode() ([]byte, error) {
	info, err := protojson.Marshal(r.Info)
	if err != nil {
		return nil, fmt.Errorf("encode egress info: %w", err)
	}
	return json.Marshal(wire{r.Node, info, r.Delivered, r.Resumed})
}

// decode reads a record, which a newer version may have written.
func decode(body []byte) (Record, error) {
	var w wire
	if err := json.Unmarshal(body, &w); err != nil {
		return Record{}, fmt.Errorf("decode record: %w", err)
	}
	r := Record{Node: w.Node, Info: &livekit.EgressInfo{}, Delivered: w.Delivered, Resumed: w.Resumed}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(w.Info, r.Info); err != nil {
		return Record{}, fmt.Errorf("decode egress info: %w", err)
	}
	return r, nil
}
