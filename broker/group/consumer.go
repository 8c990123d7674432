package group

import (
	"context"
	"time"

	"github.com/kurier-io/kurier/broker/group/consumer"
)

// ConsumerHeartbeatRequest is a ConsumerGroupHeartbeat (KIP-848).
type ConsumerHeartbeatRequest struct {
	Group string
	consumer.Request
}

// ConsumerHeartbeatResponse answers it.
type ConsumerHeartbeatResponse = consumer.Response

// ConsumerDescription is a group of the new protocol; Code is GroupNotFound, with
// a message, for any other.
type ConsumerDescription struct {
	Code    Code
	Message string
	consumer.Description
}

// Topics is what groups of the new protocol must know of the broker's topics.
type Topics = consumer.Topics

// GroupConfig is the configuration of one group (KIP-848); zero fields mean the
// default.
type GroupConfig = consumer.Config

// ConsumerHeartbeat handles ConsumerGroupHeartbeat. It blocks until what it
// changed is stored; most heartbeats change nothing.
func (c *Coordinator) ConsumerHeartbeat(ctx context.Context, req ConsumerHeartbeatRequest) ConsumerHeartbeatResponse {
	switch {
	case c.topics == nil:
		return ConsumerHeartbeatResponse{Code: UnsupportedVersion, Message: "The consumer group protocol is not offered."}
	case !validID(req.Group):
		return ConsumerHeartbeatResponse{Code: InvalidRequest, Message: "GroupId can't be empty, nor longer than 32767 bytes."}
	}
	g, code := c.lock(req.Group, req.Epoch == 0, UnknownMember)
	if g == nil {
		return ConsumerHeartbeatResponse{Code: code, Message: "Group " + req.Group + " has no such member."}
	}
	defer g.unlock()
	if g.cg == nil {
		return g.becomeConsumer(ctx, &req)
	}
	if seq := c.topicsSeq.Load(); seq != g.topicsSeq {
		g.topicsSeq = seq
		g.cg.TopicsChanged()
	}
	r := g.cg.Heartbeat(time.Now(), g.config(), req.Request)
	g.arm()
	if r.Code != None {
		return r
	}
	if err := g.store(ctx); err != nil {
		g.cg.Resend(r.MemberID)
		return g.unstored(err)
	}
	return r
}

func (g *shell) unstored(err error) ConsumerHeartbeatResponse {
	g.c.logger.Error("group state not stored; the member has to try again", "group", g.id, "error", err)
	return ConsumerHeartbeatResponse{Code: NotAvailable, Message: "The group's state could not be stored."}
}

// becomeConsumer lets a member of the new protocol into a group that is classic,
// if only for being new, and has no members; it keeps its offsets.
func (g *shell) becomeConsumer(ctx context.Context, req *ConsumerHeartbeatRequest) ConsumerHeartbeatResponse {
	switch {
	case !g.vacant():
		return ConsumerHeartbeatResponse{Code: InconsistentProtocol, Message: "Group " + g.id + " has members of the classic protocol."}
	case req.Epoch != 0:
		return ConsumerHeartbeatResponse{Code: UnknownMember, Message: "Group " + g.id + " has no such member."}
	}
	g.topicsSeq = g.c.topicsSeq.Load()
	cg := consumer.New(g.id, g.c.topics)
	r := cg.Heartbeat(time.Now(), g.config(), req.Request)
	if r.Code != None {
		return r
	}
	records := cg.Records()
	if g.m.generation > 0 {
		records = append(records, groupTombstone(g.id))
	}
	if err := g.c.storage.Append(context.WithoutCancel(ctx), g.id, records); err != nil {
		return g.unstored(err)
	}
	cg.Stored()
	g.cg, g.m = cg, NewMachine(g.id, g.c.limits, time.Now())
	g.arm()
	return r
}

// config is the configuration of the group. Called with mu held.
func (g *shell) config() GroupConfig {
	var cfg GroupConfig
	if g.c.groupConfig != nil {
		cfg = g.c.groupConfig(g.id)
	}
	if cfg.MaxSize <= 0 {
		cfg.MaxSize = g.c.limits.MaxSize
	}
	return cfg
}

// store writes what changed in a group of the new protocol. What fails is written
// again with the next change. Called with mu held.
func (g *shell) store(ctx context.Context) error {
	records := g.cg.Records()
	if records == nil {
		return nil
	}
	err := g.c.storage.Append(context.WithoutCancel(ctx), g.id, records)
	if err == nil {
		g.cg.Stored()
	}
	return err
}

func (g *shell) storeOrLog(ctx context.Context) {
	if err := g.store(ctx); err != nil {
		g.c.logger.Error("group state not stored; it is tried again with the next heartbeat", "group", g.id, "error", err)
	}
}

// TopicsChanged tells that topics came, went or grew. The server calls it after
// the change is visible in Topics; groups see to it with their next heartbeat. It
// is cheap and does no I/O.
func (c *Coordinator) TopicsChanged() { c.topicsSeq.Add(1) }
