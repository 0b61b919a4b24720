package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Benchmark is what `ttledger bench` measures, a sub-benchmark a part; each figure with its
// baselines of the same run.
func Benchmark(b *testing.B) {
	tune()
	for i, s := range (&bench{events: 100_000}).steps() {
		b.Run(s.name, func(b *testing.B) {
			var figures []figure
			for b.Loop() {
				x := &bench{dir: b.TempDir(), events: 100_000, progress: io.Discard}
				require.NoError(b, x.steps()[i].measure(b.Context()))
				figures = x.figures
			}
			for _, f := range figures {
				name := strings.NewReplacer(" ", "-", ",", "", ":", "").Replace(f.Name)
				if f.Ratio > 0 {
					b.ReportMetric(f.Ratio, name+"/"+strings.ReplaceAll(f.Baseline, " ", "-"))
				} else {
					b.ReportMetric(f.Value, name+"-"+f.Unit)
				}
			}
		})
	}
}
