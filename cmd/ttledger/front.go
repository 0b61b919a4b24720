package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// front is where a server listens and how it is kept confidential there.
type front struct {
	listen   string
	cert     string
	key      string
	proxies  []string
	insecure bool
}

func (f *front) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	c.Flags().StringVar(&f.cert, "tls-cert", "", "file with the certificate chain (PEM); read again when it changes")
	c.Flags().StringVar(&f.key, "tls-key", "", "file with its key (PEM)")
	c.Flags().StringSliceVar(&f.proxies, "behind-proxy", nil, "address or network of the proxy that speaks TLS in front, such as 10.0.0.7 or 10.0.0.0/24; its X-Forwarded-For and -Proto are believed")
	c.Flags().BoolVar(&f.insecure, "insecure-listen", false, "listen beyond this machine without TLS: tokens cross the network in the clear")
}

// check refuses to listen where tokens would cross a network in the clear, unless that is asked
// for aloud, and reads the proxies.
func (f front) check() ([]netip.Prefix, error) {
	if (f.cert == "") != (f.key == "") {
		return nil, usageError{errors.New("--tls-cert and --tls-key go together")}
	}
	var proxies []netip.Prefix
	for _, text := range f.proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			var one netip.Addr
			if one, err = netip.ParseAddr(text); err == nil {
				p = netip.PrefixFrom(one, one.BitLen())
			}
		}
		if err != nil {
			return nil, usageError{fmt.Errorf("--behind-proxy takes addresses or networks such as 10.0.0.7 or 10.0.0.0/24, not %q", text)}
		}
		proxies = append(proxies, p)
	}
	if f.cert == "" && len(proxies) == 0 && !f.insecure && !f.local() {
		return nil, usageError{fmt.Errorf("%s is reached from beyond this machine, and tokens would cross the network in the clear: "+
			"give --tls-cert and --tls-key, or --behind-proxy ADDRESS where a proxy speaks TLS, or listen on 127.0.0.1; --insecure-listen insists", f.listen)}
	}
	return proxies, nil
}

// local says whether only this machine reaches the address.
func (f front) local() bool {
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return false
	}
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.IsLoopback()
}

// warn says loudly what --insecure-listen means.
func (f front) warn(log *slog.Logger) {
	if f.insecure && f.cert == "" && len(f.proxies) == 0 && !f.local() {
		log.Warn("INSECURE: listening beyond this machine without TLS; tokens and answers can be read by everyone on the way", "listen", f.listen)
	}
}

// tls is nil where there is no certificate.
func (f front) tls(log *slog.Logger) (*tls.Config, error) {
	if f.cert == "" {
		return nil, nil
	}
	k := &keyPair{cert: f.cert, key: f.key, log: log}
	if err := k.load(time.Now()); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: k.get}, nil
}

// keyPair is a certificate that follows its files: whoever renews it need not restart the server.
type keyPair struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  [2]time.Time // of the files as they were loaded, or as loading them failed
	looked time.Time
}

// lookEvery bounds how often the files are looked at.
const lookEvery = time.Second

func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := time.Now(); now.Sub(k.looked) >= lookEvery {
		if err := k.load(now); err != nil {
			k.log.Error("the new certificate cannot be used; the old one serves on", "err", err)
		}
	}
	return k.pair, nil
}

// load reads the files where they changed. A pair that does not fit, as while one of the two is
// written, leaves the old in place.
func (k *keyPair) load(now time.Time) error {
	k.looked = now
	cert, errCert := os.Stat(k.cert)
	key, errKey := os.Stat(k.key)
	if err := errors.Join(errCert, errKey); err != nil {
		return err
	}
	stamp := [2]time.Time{cert.ModTime(), key.ModTime()}
	if stamp == k.stamp {
		return nil
	}
	k.stamp = stamp
	pair, err := tls.LoadX509KeyPair(k.cert, k.key)
	if err != nil {
		return err
	}
	k.pair = &pair
	return nil
}
