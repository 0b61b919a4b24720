package httpapi

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Server is an http.Server with the bounds that an open port needs. It has no WriteTimeout,
// which would cut a long export off; the handlers of New set a deadline for each step instead.
// Shutdown ends their live feeds.
func Server(h http.Handler, addr string) *http.Server {
	closing, begin := context.WithCancel(context.Background())
	s := &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), closingKey{}, closing)
		},
	}
	s.RegisterOnShutdown(begin)
	return s
}
