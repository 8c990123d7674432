package bench

import (
	"context"
	"maps"
)

const snapshotAim = 0.35

// snapshot measures a table on its way into a topic against the database's own bulk read.
func (r *runner) snapshot(ctx context.Context) error {
	l := Line{Part: Snapshot, Unit: "rows/s", Direction: Higher, Yardstick: "COPY … (FORMAT binary), drained", Aim: Aim{Ratio: snapshotAim}}
	schemas, plain := l, l
	schemas.What, plain.What = "table to topic, JSON with schemas", "table to topic, JSON, schemas.enable=false"
	if ok, err := r.database(ctx, schemas, plain); !ok || err != nil {
		return err
	}
	s, err := r.newStand(ctx)
	if err != nil {
		return err
	}
	return s.close(Snapshot, func() error {
		for n := range r.cfg.Rounds {
			r.show.begin("snapshot yardstick, round %d", n+1)
			base, err := rate(r.cfg.Rows, func() error { return r.db.Drain(ctx) })
			if err != nil {
				return err
			}
			for _, l := range []*Line{&schemas, &plain} {
				var extra map[string]string
				if l == &plain {
					extra = map[string]string{"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false"}
				}
				r.show.begin("snapshot, %s, round %d", l.What, n+1)
				topic, f, err := s.copyTable(ctx, extra)
				if err != nil {
					return err
				}
				if err := s.drop(ctx, topic); err != nil {
					return err
				}
				l.Measured, l.Baseline = append(l.Measured, f.rate(r.cfg.Rows)), append(l.Baseline, base)
			}
		}
		r.add(schemas, plain)
		return nil
	}())
}

// copyTable reads the table into a new topic.
func (s *stand) copyTable(ctx context.Context, extra map[string]string) (topic string, f finish, err error) {
	config, topic := s.r.db.SourceConfig(s.r.unique("snapshot") + "-")
	maps.Copy(config, extra)
	if err := s.topic(ctx, topic); err != nil {
		return topic, f, err
	}
	f, err = s.run(ctx, topic, config, s.r.cfg.Rows, func(ctx context.Context) (int, error) { return s.records(ctx, topic) })
	return topic, f, err
}
