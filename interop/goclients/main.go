// Command goclients drives the broker with Go clients other than ours. It prints "ok name" or "not ok name: why" for each check and "done" at the end.
// Arguments: sarama|segmentio, then the addresses of a plaintext broker and, of a secured one, its SASL_SSL and mutual TLS listeners, the CA's and the client's
// PEM file; without the secured one only what needs none is checked. Or: registry, the address of a plaintext broker, the URL of a schema registry and a topic
// that a source wrote with AvroConverter. With the argument "versions" alone it prints the clients' versions.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
)

type env struct {
	plain, saslSSL, mutual string
	tls, mutualTLS         *tls.Config
}

type check struct {
	name string
	fn   func(env) error
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "versions" {
		versions()
		return
	}
	if len(os.Args) == 5 && os.Args[1] == "registry" {
		checks, err := registryChecks(os.Args[2], os.Args[3], os.Args[4])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		run(checks, env{})
		return
	}
	if len(os.Args) != 3 && len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr, "usage: goclients sarama|segmentio PLAINTEXT [SASL_SSL MUTUAL CA CLIENT]\n       goclients registry PLAINTEXT URL TOPIC")
		os.Exit(2)
	}
	e := env{plain: os.Args[2]}
	checks := map[string][]check{"sarama": saramaChecks(), "segmentio": segmentioChecks()}[os.Args[1]]
	if len(os.Args) == 7 {
		e.saslSSL, e.mutual = os.Args[3], os.Args[4]
		var err error
		if e.tls, e.mutualTLS, err = tlsConfigs(os.Args[5], os.Args[6]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		checks = append(checks, map[string][]check{"sarama": saramaSecurity(), "segmentio": segmentioSecurity()}[os.Args[1]]...)
	}
	run(checks, e)
}

// run makes the checks at the same time.
func run(checks []check, e env) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, c := range checks {
		wg.Go(func() {
			err := c.fn(e)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				fmt.Printf("not ok %s: %s\n", c.name, strings.ReplaceAll(err.Error(), "\n", " "))
				return
			}
			fmt.Println("ok " + c.name)
		})
	}
	wg.Wait()
	fmt.Println("done")
}

func versions() {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, d := range info.Deps {
		fmt.Println(d.Path, d.Version)
	}
}

func tlsConfigs(ca, client string) (server, mutual *tls.Config, err error) {
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, nil, fmt.Errorf("%s: no certificate", ca)
	}
	cert, err := tls.LoadX509KeyPair(client, client)
	if err != nil {
		return nil, nil, err
	}
	return &tls.Config{RootCAs: pool}, &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}}, nil
}
