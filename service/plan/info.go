package plan

import (
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
)

// info is the EgressInfo of an accepted request.
func (p *Plan) info(req *rpc.StartEgressRequest) *livekit.EgressInfo {
	at := p.AcceptedAt.UnixNano()
	info := &livekit.EgressInfo{
		EgressId:   p.EgressID,
		RoomId:     p.RoomID,
		RoomName:   p.RoomName,
		SourceType: livekit.EgressSourceType_EGRESS_SOURCE_TYPE_WEB,
		Status:     livekit.EgressStatus_EGRESS_STARTING,
		StartedAt:  at,
		UpdatedAt:  at,
		RetryCount: req.RetryCount,
	}
	if !p.Source.Page() {
		info.SourceType = livekit.EgressSourceType_EGRESS_SOURCE_TYPE_SDK
	}
	switch r := Redact(req).Request.(type) {
	case *rpc.StartEgressRequest_RoomComposite:
		info.Request = &livekit.EgressInfo_RoomComposite{RoomComposite: r.RoomComposite}
	case *rpc.StartEgressRequest_Web:
		info.Request = &livekit.EgressInfo_Web{Web: r.Web}
	case *rpc.StartEgressRequest_Participant:
		info.Request = &livekit.EgressInfo_Participant{Participant: r.Participant}
	case *rpc.StartEgressRequest_TrackComposite:
		info.Request = &livekit.EgressInfo_TrackComposite{TrackComposite: r.TrackComposite}
	case *rpc.StartEgressRequest_Track:
		info.Request = &livekit.EgressInfo_Track{Track: r.Track}
	case *rpc.StartEgressRequest_Egress:
		info.Request = &livekit.EgressInfo_Egress{Egress: r.Egress}
	}
	p.addResults(info)
	return info
}

// addResults puts a stub for each result into the info. The deprecated single one, which clients of 2022 read, is
// there when everything is of one kind.
func (p *Plan) addResults(info *livekit.EgressInfo) {
	if p.WebSocket != "" {
		info.StreamResults = []*livekit.StreamInfo{{Url: redactURL(p.WebSocket.Reveal())}}
		//lint:ignore SA1019 clients of 2022 read the deprecated result.
		info.Result = &livekit.EgressInfo_Stream{Stream: &livekit.StreamInfoList{Info: info.StreamResults}}
		return
	}
	if p.File.Path != "" || p.Passthrough {
		file := &livekit.FileInfo{Filename: p.File.Name}
		info.FileResults = []*livekit.FileInfo{file}
		//lint:ignore SA1019 clients of 2022 read the deprecated result.
		info.Result = &livekit.EgressInfo_File{File: file}
	}
	if p.Segments != nil {
		segments := &livekit.SegmentsInfo{PlaylistName: p.Segments.Names.Playlist, LivePlaylistName: p.Segments.Names.Live}
		info.SegmentResults = []*livekit.SegmentsInfo{segments}
		//lint:ignore SA1019 clients of 2022 read the deprecated result.
		info.Result = &livekit.EgressInfo_Segments{Segments: segments}
	}
	if p.Streams.Protocol != "" {
		info.StreamResults = p.streamResults()
		//lint:ignore SA1019 clients of 2022 read the deprecated result.
		info.Result = &livekit.EgressInfo_Stream{Stream: &livekit.StreamInfoList{Info: info.StreamResults}}
	}
	for _, i := range p.Images {
		info.ImageResults = append(info.ImageResults, &livekit.ImagesInfo{FilenamePrefix: i.Requested})
	}
	if p.kinds() > 1 {
		info.Result = nil
	}
}

// kinds is how many kinds of output are made.
func (p *Plan) kinds() (n int) {
	for _, made := range []bool{p.File.Path != "", p.Segments != nil, p.Streams.Protocol != "", len(p.Images) > 0} {
		if made {
			n++
		}
	}
	return n
}
