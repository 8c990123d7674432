package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// metricsService serves the metrics of a broker that runs alone; there is none if the address is taken and may be done without.
func metricsService(cfg Config, metrics http.Handler, addr *Addresses) ([]service, error) {
	ln, err := net.Listen("tcp", cfg.Broker.MetricsListen)
	if err != nil && cfg.Broker.MetricsOptional {
		cfg.Logger.Warn("no metrics: their address is taken; set kurier.metrics.listener", "addr", cfg.Broker.MetricsListen, "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, &ListenError{Addr: cfg.Broker.MetricsListen, Err: err}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 8 << 10}
	addr.Metrics = "http://" + ln.Addr().String() + "/metrics"
	return []service{{"metrics", func(ctx context.Context, ready func()) error {
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(ln) }()
		ready()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
		}
		drain, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err := srv.Shutdown(drain)
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}}}, nil
}
