package commitlog

import "time"

func (l *Log) finishSwaps() ([]string, error) { return l.fs.ReadDir(l.dir) }

func (s *Store) compactAll(now time.Time) error { return nil }
