package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
)

const limit = 40 * time.Second

func saramaChecks() []check {
	return []check{
		{"administration", saramaAdmin},
		{"all codecs", saramaCodecs},
		{"group rebalance", saramaGroup},
		{"transactions with offsets", saramaTransactions},
		{"control records", saramaControl},
	}
}

func saramaSecurity() []check {
	return []check{
		{"SCRAM-SHA-256 over TLS", func(e env) error {
			return saramaSASL(e, sarama.SASLTypeSCRAMSHA256, "scram256", "secret", "open.sarama256")
		}},
		{"SCRAM-SHA-512 over TLS", func(e env) error {
			return saramaSASL(e, sarama.SASLTypeSCRAMSHA512, "scram512", "secret", "open.sarama512")
		}},
		{"PLAIN over TLS", func(e env) error {
			return saramaSASL(e, sarama.SASLTypePlaintext, "carl", "carl-secret", "open.saramaplain")
		}},
		{"wrong password", func(e env) error {
			if err := saramaSASL(e, sarama.SASLTypeSCRAMSHA512, "scram512", "wrong", "open.sarama"); err == nil {
				return errors.New("let in")
			}
			return nil
		}},
		{"mutual TLS", func(e env) error {
			cfg := saramaConfig()
			cfg.Net.TLS.Enable, cfg.Net.TLS.Config = true, e.mutualTLS
			return saramaSend(e.mutual, cfg, "open.saramamutual", "x")
		}},
	}
}

func saramaConfig() *sarama.Config {
	cfg := sarama.NewConfig()
	cfg.Version = sarama.MaxVersion
	cfg.Producer.Return.Successes = true
	cfg.Producer.RequiredAcks = sarama.WaitForAll
	cfg.Consumer.Offsets.Initial = sarama.OffsetOldest
	cfg.Consumer.Group.Session.Timeout = 10 * time.Second
	cfg.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
	return cfg
}

func saramaSend(addr string, cfg *sarama.Config, topic string, values ...string) error {
	p, err := sarama.NewSyncProducer([]string{addr}, cfg)
	if err != nil {
		return err
	}
	defer p.Close()
	for _, v := range values {
		if _, _, err := p.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(v)}); err != nil {
			return err
		}
	}
	return nil
}

func saramaCreate(addr, topic string, partitions int32) error {
	a, err := sarama.NewClusterAdmin([]string{addr}, saramaConfig())
	if err != nil {
		return err
	}
	defer a.Close()
	return a.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}, false)
}

// saramaRead reads n records of the first partition.
func saramaRead(addr string, cfg *sarama.Config, topic string, n int) ([]string, error) {
	c, err := sarama.NewConsumer([]string{addr}, cfg)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	p, err := c.ConsumePartition(topic, 0, sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	var values []string
	for timeout := time.After(limit); len(values) < n; {
		select {
		case m := <-p.Messages():
			values = append(values, string(m.Value))
		case <-timeout:
			return nil, fmt.Errorf("%d of %d records of %s", len(values), n, topic)
		}
	}
	return values, nil
}

func saramaAdmin(e env) error {
	a, err := sarama.NewClusterAdmin([]string{e.plain}, saramaConfig())
	if err != nil {
		return err
	}
	defer a.Close()
	retention := "100000000"
	if err := a.CreateTopic("sarama-admin", &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &retention}}, false); err != nil {
		return err
	}
	if err := a.CreatePartitions("sarama-admin", 3, nil, false); err != nil {
		return err
	}
	topics, err := a.ListTopics()
	if err != nil {
		return err
	}
	if d := topics["sarama-admin"]; d.NumPartitions != 3 || d.ConfigEntries["retention.ms"] == nil || *d.ConfigEntries["retention.ms"] != retention {
		return fmt.Errorf("listed as %+v", d)
	}
	compact := "compact"
	if err := a.IncrementalAlterConfig(sarama.TopicResource, "sarama-admin", map[string]sarama.IncrementalAlterConfigsEntry{"cleanup.policy": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &compact}}, false); err != nil {
		return err
	}
	configs, err := a.DescribeConfigs([]*sarama.ConfigResource{{Type: sarama.TopicResource, Name: "sarama-admin", ConfigNames: []string{"cleanup.policy"}}}, sarama.DescribeConfigsOptions{})
	if err != nil {
		return err
	}
	if len(configs) != 1 || len(configs[0].Configs) != 1 || configs[0].Configs[0].Value != compact {
		return fmt.Errorf("configs are %+v", configs)
	}
	if _, _, err := a.DescribeCluster(); err != nil {
		return err
	}
	if _, err := a.ListConsumerGroups(); err != nil {
		return err
	}
	if _, err := a.DescribeLogDirs([]int32{1}); err != nil {
		return err
	}
	return a.DeleteTopic("sarama-admin")
}

func saramaCodecs(e env) error {
	for _, codec := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD} {
		topic := "sarama-" + codec.String()
		if err := saramaCreate(e.plain, topic, 1); err != nil {
			return err
		}
		cfg := saramaConfig()
		cfg.Producer.Compression, cfg.Producer.Idempotent, cfg.Net.MaxOpenRequests = codec, true, 1
		if err := saramaSend(e.plain, cfg, topic, "a", "b", "c"); err != nil {
			return fmt.Errorf("%s: %w", codec, err)
		}
		if got, err := saramaRead(e.plain, cfg, topic, 3); err != nil || fmt.Sprint(got) != "[a b c]" {
			return fmt.Errorf("%s: read %v: %w", codec, got, err)
		}
	}
	return nil
}

// A saramaMember knows how many partitions it owns.
type saramaMember struct {
	mu    sync.Mutex
	owned int
	seen  int
}

func (m *saramaMember) Setup(s sarama.ConsumerGroupSession) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.owned = 0
	for _, p := range s.Claims() {
		m.owned += len(p)
	}
	return nil
}

func (m *saramaMember) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (m *saramaMember) ConsumeClaim(s sarama.ConsumerGroupSession, c sarama.ConsumerGroupClaim) error {
	for msg := range c.Messages() {
		s.MarkMessage(msg, "seen")
		m.mu.Lock()
		m.seen++
		m.mu.Unlock()
	}
	return nil
}

func (m *saramaMember) state() (owned, seen int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.owned, m.seen
}

func until(what string, fn func() bool) error {
	for deadline := time.Now().Add(limit); !fn(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("waited in vain for %s", what)
		}
	}
	return nil
}

func saramaGroup(e env) error {
	if err := saramaCreate(e.plain, "sarama-group", 4); err != nil {
		return err
	}
	join := func(m *saramaMember) (leave func() error, err error) {
		g, err := sarama.NewConsumerGroup([]string{e.plain}, "sarama-group", saramaConfig())
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				if g.Consume(ctx, []string{"sarama-group"}, m) != nil {
					return
				}
			}
		}()
		return func() error {
			cancel()
			<-done
			return g.Close()
		}, nil
	}
	a, b := &saramaMember{}, &saramaMember{}
	leaveA, err := join(a)
	if err != nil {
		return err
	}
	if err := until("one member with all partitions", func() bool { n, _ := a.state(); return n == 4 }); err != nil {
		return err
	}
	leaveB, err := join(b)
	if err != nil {
		return err
	}
	if err := until("two members with two partitions each", func() bool {
		n, _ := a.state()
		m, _ := b.state()
		return n == 2 && m == 2
	}); err != nil {
		return err
	}
	if err := saramaSend(e.plain, saramaConfig(), "sarama-group", "1", "2", "3", "4", "5", "6", "7", "8"); err != nil {
		return err
	}
	if err := until("eight records", func() bool {
		_, n := a.state()
		_, m := b.state()
		return n+m == 8
	}); err != nil {
		return err
	}
	return errors.Join(leaveB(), leaveA())
}

func saramaTransactions(e env) error {
	if err := errors.Join(saramaCreate(e.plain, "sarama-tx-in", 1), saramaCreate(e.plain, "sarama-tx-out", 1)); err != nil {
		return err
	}
	cfg := saramaConfig()
	cfg.Producer.Idempotent, cfg.Net.MaxOpenRequests, cfg.Producer.Transaction.ID = true, 1, "sarama-tx"
	p, err := sarama.NewSyncProducer([]string{e.plain}, cfg)
	if err != nil {
		return err
	}
	defer p.Close()
	for _, commit := range []bool{false, true} {
		value, offset := "aborted", int64(3)
		if commit {
			value, offset = "committed", 7
		}
		if err := p.BeginTxn(); err != nil {
			return err
		}
		if _, _, err := p.SendMessage(&sarama.ProducerMessage{Topic: "sarama-tx-out", Value: sarama.StringEncoder(value)}); err != nil {
			return err
		}
		if err := p.AddOffsetsToTxn(map[string][]*sarama.PartitionOffsetMetadata{"sarama-tx-in": {{Partition: 0, Offset: offset}}}, "sarama-tx"); err != nil {
			return err
		}
		end := p.AbortTxn
		if commit {
			end = p.CommitTxn
		}
		if err := end(); err != nil {
			return err
		}
	}
	a, err := sarama.NewClusterAdmin([]string{e.plain}, saramaConfig())
	if err != nil {
		return err
	}
	defer a.Close()
	offsets, err := a.ListConsumerGroupOffsets("sarama-tx", map[string][]int32{"sarama-tx-in": {0}})
	if err != nil {
		return err
	}
	if b := offsets.GetBlock("sarama-tx-in", 0); b == nil || b.Offset != 7 {
		return fmt.Errorf("offsets are %+v", b)
	}
	committed := saramaConfig()
	committed.Consumer.IsolationLevel = sarama.ReadCommitted
	if got, err := saramaRead(e.plain, committed, "sarama-tx-out", 1); err != nil || got[0] != "committed" {
		return fmt.Errorf("read %v: %w", got, err)
	}
	if got, err := saramaRead(e.plain, saramaConfig(), "sarama-tx-out", 2); err != nil || fmt.Sprint(got) != "[aborted committed]" {
		return fmt.Errorf("read %v: %w", got, err)
	}
	return nil
}

// saramaControl reads the log as it is: a record, its abort marker, a record, its commit marker.
func saramaControl(e env) error {
	if err := saramaCreate(e.plain, "sarama-control", 1); err != nil {
		return err
	}
	cfg := saramaConfig()
	cfg.Producer.Idempotent, cfg.Net.MaxOpenRequests, cfg.Producer.Transaction.ID = true, 1, "sarama-control"
	p, err := sarama.NewSyncProducer([]string{e.plain}, cfg)
	if err != nil {
		return err
	}
	defer p.Close()
	for _, end := range []func() error{p.AbortTxn, p.CommitTxn} {
		if err := p.BeginTxn(); err != nil {
			return err
		}
		if _, _, err := p.SendMessage(&sarama.ProducerMessage{Topic: "sarama-control", Value: sarama.StringEncoder("x")}); err != nil {
			return err
		}
		if err := end(); err != nil {
			return err
		}
	}
	client, err := sarama.NewClient([]string{e.plain}, saramaConfig())
	if err != nil {
		return err
	}
	defer client.Close()
	leader, err := client.Leader("sarama-control", 0)
	if err != nil {
		return err
	}
	req := &sarama.FetchRequest{Version: 11, MaxWaitTime: 500, MinBytes: 1, MaxBytes: 1 << 20, Isolation: sarama.ReadCommitted, SessionEpoch: -1}
	req.AddBlock("sarama-control", 0, 0, 1<<20, -1)
	resp, err := leader.Fetch(req)
	if err != nil {
		return err
	}
	block := resp.GetBlock("sarama-control", 0)
	if block == nil || block.Err != sarama.ErrNoError || len(block.AbortedTransactions) != 1 || block.AbortedTransactions[0].FirstOffset != 0 || block.LastStableOffset != 4 {
		return fmt.Errorf("the block is %+v", block)
	}
	var control []bool
	for _, set := range block.RecordsSet {
		control = append(control, set.RecordBatch.Control)
	}
	if fmt.Sprint(control) != "[false true false true]" {
		return fmt.Errorf("control batches are %v", control)
	}
	return nil
}

func saramaSASL(e env, mechanism, user, password, topic string) error {
	cfg := saramaConfig()
	cfg.Net.TLS.Enable, cfg.Net.TLS.Config = true, e.tls
	cfg.Net.SASL.Enable, cfg.Net.SASL.Mechanism, cfg.Net.SASL.User, cfg.Net.SASL.Password = true, sarama.SASLMechanism(mechanism), user, password
	cfg.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient {
		if mechanism == sarama.SASLTypeSCRAMSHA256 {
			return &conversation{hash: scram.SHA256}
		}
		return &conversation{hash: scram.SHA512}
	}
	return saramaSend(e.saslSSL, cfg, topic, "x")
}

// A conversation is sarama's view of SCRAM.
type conversation struct {
	*scram.ClientConversation
	hash scram.HashGeneratorFcn
}

func (c *conversation) Begin(user, password, authz string) error {
	client, err := c.hash.NewClient(user, password, authz)
	if err != nil {
		return err
	}
	c.ClientConversation = client.NewConversation()
	return nil
}
