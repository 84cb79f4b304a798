package service

import (
	"os"

	"github.com/ffegress/ffegress/service/admit"
)

// NodeReport is what a node tells of itself to whoever asks all of them. It has no secrets.
type NodeReport struct {
	NodeID    string         `json:"node_id"`
	Host      string         `json:"host,omitempty"`
	ClusterID string         `json:"cluster_id,omitempty"`
	Closed    string         `json:"closed,omitempty"` // why no request is taken
	Recording int            `json:"recording"`
	Encoder   string         `json:"video_encoder"` // what new egresses begin with
	Load      admit.Standing `json:"load"`
	Accepts   []Answer       `json:"accepts"`
}

// report is how this node stands.
func (s *Service) report() NodeReport {
	host, _ := os.Hostname() // without, the node's id must do
	return NodeReport{
		NodeID: s.conf.NodeID, Host: host, ClusterID: s.conf.ClusterID, Closed: s.closed(), Encoder: s.conf.Video.Device.String(),
		Recording: s.sessions.recording(), Load: s.gate.Standing(), Accepts: s.answers(),
	}
}
