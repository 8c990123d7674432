package group

import (
	"context"
	"time"
)

// Join handles JoinGroup.
func (c *Coordinator) Join(ctx context.Context, group string, req JoinRequest) JoinResponse {
	refuse := func(code Code) JoinResponse { return JoinResponse{Code: code, Generation: -1, ID: req.MemberID} }
	if !validID(group) {
		return refuse(InvalidGroupID)
	}
	if req.Session < c.limits.MinSession || req.Session > c.limits.MaxSession {
		return refuse(InvalidSession)
	}
	g, code := c.lock(group, req.MemberID == "", UnknownMember)
	if g == nil {
		return refuse(code)
	}
	if code := g.becomeClassic(ctx, &req); code != None {
		g.unlock()
		return refuse(code)
	}
	token, ch := g.park()
	g.run(ctx, g.m.Join(time.Now(), req, token))
	unused := !g.queued && g.promised() && !g.disposable()
	g.queued = g.queued || unused
	g.unlock()
	if unused {
		c.noteUnused(g)
	}
	select {
	case r, ok := <-ch:
		if ok {
			return r.(JoinResponse)
		}
	case <-ctx.Done():
		g.forget(token)
	}
	return refuse(NotAvailable)
}

// validID bounds the id of a group to what fits the keys of its records.
func validID(group string) bool { return group != "" && len(group) < 1<<15 }

// becomeClassic turns a group of the new protocol without members into a classic
// one that a member may join; it keeps its offsets.
func (g *shell) becomeClassic(ctx context.Context, req *JoinRequest) Code {
	switch {
	case g.cg == nil:
		return None
	case !g.vacant():
		return InconsistentProtocol
	case req.MemberID != "":
		return UnknownMember
	}
	if err := g.c.storage.Append(context.WithoutCancel(ctx), g.id, g.cg.Tombstones()); err != nil {
		g.c.logger.Error("group not converted", "group", g.id, "error", err)
		return NotAvailable
	}
	g.cg = nil
	return None
}

// Sync handles SyncGroup.
func (c *Coordinator) Sync(ctx context.Context, group string, req SyncRequest) SyncResponse {
	if group == "" {
		return SyncResponse{Code: InvalidGroupID}
	}
	g, code := c.lock(group, false, UnknownMember)
	if g == nil {
		return SyncResponse{Code: code}
	}
	token, ch := g.park()
	g.run(ctx, g.m.Sync(time.Now(), req, token))
	g.unlock()
	select {
	case r, ok := <-ch:
		if ok {
			return r.(SyncResponse)
		}
	case <-ctx.Done():
		g.forget(token)
	}
	return SyncResponse{Code: NotAvailable}
}

// Heartbeat handles Heartbeat.
func (c *Coordinator) Heartbeat(group, member string, instance *string, generation int32) Code {
	if group == "" {
		return InvalidGroupID
	}
	g, code := c.lock(group, false, UnknownMember)
	if g == nil {
		return code
	}
	defer g.unlock()
	code = g.m.Heartbeat(time.Now(), member, instance, generation)
	g.arm()
	return code
}

// Leave handles one member of LeaveGroup.
func (c *Coordinator) Leave(ctx context.Context, group, member string, instance *string) Code {
	if group == "" {
		return InvalidGroupID
	}
	g, code := c.lock(group, false, UnknownMember)
	if g == nil {
		return code
	}
	defer g.unlock()
	code, eff := g.m.Leave(time.Now(), member, instance)
	g.run(ctx, eff)
	return code
}
