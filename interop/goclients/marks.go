package main

import (
	"errors"

	"github.com/IBM/sarama"
)

// saramaOpen writes a committed transaction and leaves one open, until end is called.
func saramaOpen(addr, topic string) (end func() error, err error) {
	cfg := saramaConfig()
	cfg.Producer.Idempotent, cfg.Net.MaxOpenRequests, cfg.Producer.Transaction.ID = true, 1, topic
	p, err := sarama.NewSyncProducer([]string{addr}, cfg)
	if err != nil {
		return nil, err
	}
	for _, value := range []string{"committed", "open"} {
		if err := p.BeginTxn(); err != nil {
			return nil, err
		}
		if _, _, err := p.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(value)}); err != nil {
			return nil, err
		}
		if value == "committed" {
			if err := p.CommitTxn(); err != nil {
				return nil, err
			}
		}
	}
	return func() error { return errors.Join(p.AbortTxn(), p.Close()) }, nil
}
