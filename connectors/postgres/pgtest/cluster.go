package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/kurier-io/kurier/connectors/postgres/cluster"
)

// password needs every kind of quoting.
const password = "pa ss'wörd\\1"

// A shared cluster is started by the first test that wants it.
type shared struct {
	once     sync.Once
	settings []string
	server   Server
	dir      string
	cluster  *cluster.Cluster
	err      error
}

func (s *shared) start() (err error) {
	if s.dir, err = os.MkdirTemp("", "pgtest-"); err != nil {
		return err
	}
	settings := append([]string{"shared_buffers=128MB", "max_wal_size=4GB", "max_wal_senders=8", "max_replication_slots=8"}, s.settings...)
	if s.cluster, err = cluster.Start(context.Background(), s.dir, settings...); err != nil {
		return errors.Join(err, os.RemoveAll(s.dir))
	}
	s.server = Server{Host: s.cluster.Host, Port: s.cluster.Port, User: cluster.User, Password: s.cluster.Password, Version: s.cluster.Version}
	admin := &Database{s.server, "postgres"}
	conn, err := admin.connect()
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	quoted := strings.ReplaceAll(password, "'", "''")
	if _, err := conn.Exec(context.Background(), fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", cluster.User, quoted)).ReadAll(); err != nil {
		return err
	}
	s.server.Password = password
	return nil
}

// stop is for the end of the tests.
func (s *shared) stop() error {
	if s.cluster == nil {
		return nil
	}
	return errors.Join(s.cluster.Stop(), os.RemoveAll(s.dir))
}
