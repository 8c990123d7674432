package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

func segmentioChecks() []check {
	return []check{
		{"administration", segmentioAdmin},
		{"all codecs", segmentioCodecs},
		{"group", segmentioGroup},
		{"read committed", segmentioCommitted},
	}
}

func segmentioSecurity() []check {
	return []check{
		{"SCRAM-SHA-256 over TLS", func(e env) error { return segmentioSCRAM(e, scram.SHA256, "scram256", "secret", "open.segmentio256") }},
		{"SCRAM-SHA-512 over TLS", func(e env) error { return segmentioSCRAM(e, scram.SHA512, "scram512", "secret", "open.segmentio512") }},
		{"PLAIN over TLS", func(e env) error {
			return segmentioSASL(e, plain.Mechanism{Username: "carl", Password: "carl-secret"}, "open.segmentioplain")
		}},
		{"wrong password", func(e env) error {
			if segmentioSCRAM(e, scram.SHA512, "scram512", "wrong", "open.segmentio") == nil {
				return errors.New("let in")
			}
			return nil
		}},
	}
}

// segmentioCreate uses Conn, which speaks the oldest versions.
func segmentioCreate(addr, topic string, partitions int) error {
	conn, err := kafka.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.CreateTopics(kafka.TopicConfig{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1})
}

func segmentioAdmin(e env) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := segmentioCreate(e.plain, "segmentio-admin", 2); err != nil {
		return err
	}
	c := &kafka.Client{Addr: kafka.TCP(e.plain), Timeout: limit}
	grown, err := c.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: "segmentio-admin", Count: 3}}})
	if err != nil || grown.Errors["segmentio-admin"] != nil {
		return errors.Join(err, grown.Errors["segmentio-admin"])
	}
	conn, err := kafka.Dial("tcp", e.plain) // Client answers from a cache
	if err != nil {
		return err
	}
	defer conn.Close()
	if partitions, err := conn.ReadPartitions("segmentio-admin"); err != nil || len(partitions) != 3 {
		return fmt.Errorf("%d partitions, want 3: %w", len(partitions), err)
	}
	altered, err := c.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{ResourceType: kafka.ResourceTypeTopic,
		ResourceName: "segmentio-admin", Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "retention.ms", Value: "100000000", ConfigOperation: kafka.ConfigOperationSet}}}}})
	if err != nil || altered.Resources[0].Error != nil {
		return errors.Join(err, altered.Resources[0].Error)
	}
	described, err := c.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: "segmentio-admin", ConfigNames: []string{"retention.ms"}}}})
	if err != nil {
		return err
	}
	if got := described.Resources[0].ConfigEntries[0].ConfigValue; got != "100000000" {
		return fmt.Errorf("retention.ms is %s", got)
	}
	offsets, err := c.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{"segmentio-admin": {kafka.LastOffsetOf(0)}}})
	if err != nil {
		return err
	}
	if got := offsets.Topics["segmentio-admin"][0]; got.LastOffset != 0 || got.Error != nil {
		return fmt.Errorf("offsets are %+v", got)
	}
	return conn.DeleteTopics("segmentio-admin")
}

func segmentioWrite(w *kafka.Writer, values ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	w.BatchTimeout, w.RequiredAcks, w.AllowAutoTopicCreation = 10*time.Millisecond, kafka.RequireAll, true
	var messages []kafka.Message
	for _, v := range values {
		messages = append(messages, kafka.Message{Value: []byte(v), Headers: []kafka.Header{{Key: "h", Value: []byte(v)}}})
	}
	return errors.Join(w.WriteMessages(ctx, messages...), w.Close())
}

func segmentioRead(cfg kafka.ReaderConfig, n int) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cfg.MaxWait = 200 * time.Millisecond
	r := kafka.NewReader(cfg)
	var values []string
	for len(values) < n {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			return values, errors.Join(err, r.Close())
		}
		values = append(values, string(m.Value))
	}
	return values, r.Close()
}

func segmentioCodecs(e env) error {
	for _, codec := range []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		topic := "segmentio-codec-" + fmt.Sprint(int(codec))
		if err := segmentioCreate(e.plain, topic, 1); err != nil {
			return err
		}
		if err := segmentioWrite(&kafka.Writer{Addr: kafka.TCP(e.plain), Topic: topic, Compression: codec}, "a", "b", "c"); err != nil {
			return fmt.Errorf("%s: %w", codec, err)
		}
		if got, err := segmentioRead(kafka.ReaderConfig{Brokers: []string{e.plain}, Topic: topic}, 3); err != nil || fmt.Sprint(got) != "[a b c]" {
			return fmt.Errorf("%s: read %v: %w", codec, got, err)
		}
	}
	return nil
}

func segmentioGroup(e env) error {
	if err := segmentioCreate(e.plain, "segmentio-group", 2); err != nil {
		return err
	}
	want := []string{"1", "2", "3", "4", "5", "6"}
	if err := segmentioWrite(&kafka.Writer{Addr: kafka.TCP(e.plain), Topic: "segmentio-group"}, want[:4]...); err != nil {
		return err
	}
	cfg := kafka.ReaderConfig{Brokers: []string{e.plain}, GroupID: "segmentio-group", Topic: "segmentio-group", StartOffset: kafka.FirstOffset}
	got, err := segmentioRead(cfg, 4)
	if err != nil {
		return fmt.Errorf("read %v: %w", got, err)
	}
	if err := segmentioWrite(&kafka.Writer{Addr: kafka.TCP(e.plain), Topic: "segmentio-group"}, want[4:]...); err != nil {
		return err
	}
	more, err := segmentioRead(cfg, 2) // a second member goes on where the first has committed
	if err != nil {
		return fmt.Errorf("read %v and %v: %w", got, more, err)
	}
	if all := append(got, more...); !slices.Equal(slices.Sorted(slices.Values(all)), want) {
		return fmt.Errorf("read %v", all)
	}
	return nil
}

// segmentioCommitted reads up to the last stable offset of what sarama has written. kafka-go asks for committed records, but hands out markers and aborted
// records all the same, so that only the open transaction is invisible.
func segmentioCommitted(e env) error {
	if err := saramaCreate(e.plain, "segmentio-tx", 1); err != nil {
		return err
	}
	end, err := saramaOpen(e.plain, "segmentio-tx")
	if err != nil {
		return err
	}
	cfg := kafka.ReaderConfig{Brokers: []string{e.plain}, Topic: "segmentio-tx", IsolationLevel: kafka.ReadCommitted, MaxWait: 200 * time.Millisecond}
	r := kafka.NewReader(cfg)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var values []string
	for {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			break // the deadline
		}
		values = append(values, string(m.Value))
	}
	if !slices.Contains(values, "committed") || slices.Contains(values, "open") {
		return fmt.Errorf("read %q", values)
	}
	return errors.Join(r.Close(), end())
}

func segmentioSCRAM(e env, a scram.Algorithm, user, password, topic string) error {
	m, err := scram.Mechanism(a, user, password)
	if err != nil {
		return err
	}
	return segmentioSASL(e, m, topic)
}

func segmentioSASL(e env, m sasl.Mechanism, topic string) error {
	w := &kafka.Writer{Addr: kafka.TCP(e.saslSSL), Topic: topic, Transport: &kafka.Transport{TLS: e.tls, SASL: m}, MaxAttempts: 20, WriteBackoffMin: 50 * time.Millisecond, WriteBackoffMax: 100 * time.Millisecond}
	return segmentioWrite(w, "x")
}
