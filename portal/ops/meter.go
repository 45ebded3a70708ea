package ops

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Meter counts, and writes what it counted in the text format of Prometheus (0.0.4). Its
// labels are words of the program: patterns of addresses, acts, kinds of failure. A label
// that could grow without end is cut off at maxSeries, so that nobody fills our memory by
// asking for things.
type Meter struct {
	mu       sync.Mutex
	families map[string]*family
	gauges   []Gauges
}

// Gauges are figures that are read when somebody asks for them, not counted on the way.
type Gauges func(ctx context.Context) ([]Figure, error)

// Figure is one of them. Labels are names and values in turn.
type Figure struct {
	Name, Help string
	Labels     []string
	Value      float64
}

type family struct {
	help, kind string
	bounds     []float64 // of a histogram
	series     map[string]*series
}

type series struct {
	value   float64  // of a counter; the sum of a histogram
	count   uint64   // of a histogram
	buckets []uint64 // not added up
}

// maxSeries of one family; further ones are counted together as label values "other".
const maxSeries = 2000

// gaugeTime is how long one reading of one of the gauges may take.
const gaugeTime = 5 * time.Second

// Buckets of times, in seconds: the goals of the portal stand among them.
var Buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.15, 0.5, 1, 2.5, 10}

// NewMeter counts nothing yet.
func NewMeter() *Meter { return &Meter{families: map[string]*family{}} }

// Read has the meter ask for these figures each time it is read.
func (m *Meter) Read(g Gauges) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gauges = append(m.gauges, g)
}

// Count adds one. A nil meter counts nothing, so that tests need none.
func (m *Meter) Count(name, help string, labels ...string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(name, help, "counter", nil, labels).value++
}

// Time adds one duration to a histogram.
func (m *Meter) Time(name, help string, took time.Duration, labels ...string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.of(name, help, "histogram", Buckets, labels)
	seconds := took.Seconds()
	s.value += seconds
	s.count++
	if at, _ := slices.BinarySearch(Buckets, seconds); at < len(Buckets) {
		s.buckets[at]++
	}
}

func (m *Meter) of(name, help, kind string, bounds []float64, labels []string) *series {
	f := m.families[name]
	if f == nil {
		f = &family{help: help, kind: kind, bounds: bounds, series: map[string]*series{}}
		m.families[name] = f
	}
	key := written(labels)
	s := f.series[key]
	if s == nil && len(f.series) >= maxSeries {
		others := slices.Clone(labels)
		for i := 1; i < len(others); i += 2 {
			others[i] = "other"
		}
		key = written(others)
		s = f.series[key]
	}
	if s == nil {
		s = &series{buckets: make([]uint64, len(bounds))}
		f.series[key] = s
	}
	return s
}

// escaped is a label value as the format wants it.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// written are labels as they stand in braces.
func written(labels []string) string {
	var out []string
	for i := 0; i+1 < len(labels); i += 2 {
		out = append(out, labels[i]+`="`+escaped.Replace(labels[i+1])+`"`)
	}
	return strings.Join(out, ",")
}

func braced(labels ...string) string {
	labels = slices.DeleteFunc(labels, func(s string) bool { return s == "" })
	if len(labels) == 0 {
		return ""
	}
	return "{" + strings.Join(labels, ",") + "}"
}

func number(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Write writes everything. Figures that cannot be read are left out, and the log says
// which; the others are still worth having. more are read besides, this time.
func (m *Meter) Write(ctx context.Context, w io.Writer, more ...Gauges) {
	m.mu.Lock()
	gauges := slices.Concat(m.gauges, more)
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m.families)) {
		m.families[name].write(&out, name)
	}
	m.mu.Unlock()
	io.WriteString(w, out.String())
	found := make([][]Figure, len(gauges))
	var reading sync.WaitGroup
	for i, g := range gauges { // side by side: one that is waited for hides no other
		reading.Go(func() {
			figures, err := g.within(ctx, gaugeTime)
			if err != nil && ctx.Err() == nil { // else whoever asked is gone
				slog.WarnContext(ctx, "figures are not to be had", "error", err)
			}
			found[i] = figures
		})
	}
	reading.Wait()
	all := slices.Concat(found...)
	slices.SortStableFunc(all, func(a, b Figure) int { return cmp.Compare(a.Name, b.Name) })
	for i, f := range all {
		if i == 0 || all[i-1].Name != f.Name {
			fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n", f.Name, f.Help, f.Name)
		}
		fmt.Fprintf(w, "%s%s %s\n", f.Name, braced(written(f.Labels)), number(f.Value))
	}
}

// within reads figures, and waits no longer for those that hear of no end.
func (g Gauges) within(ctx context.Context, most time.Duration) ([]Figure, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	type answer struct {
		figures []Figure
		err     error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if value := recover(); value != nil { // nobody is worse served for a figure
				a = answer{err: fmt.Errorf("ops: the reading panicked: %v", value)}
			}
			done <- a
		}()
		a.figures, a.err = g(ctx)
	}()
	select {
	case a := <-done:
		return a.figures, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("no answer within %s", most)
	}
}

func (f *family) write(out *strings.Builder, name string) {
	fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, f.help, name, f.kind)
	for _, labels := range slices.Sorted(maps.Keys(f.series)) {
		s := f.series[labels]
		if f.kind == "counter" {
			fmt.Fprintf(out, "%s%s %s\n", name, braced(labels), number(s.value))
			continue
		}
		sum := uint64(0)
		for i, bound := range f.bounds {
			sum += s.buckets[i]
			fmt.Fprintf(out, "%s_bucket%s %d\n", name, braced(labels, `le="`+number(bound)+`"`), sum)
		}
		fmt.Fprintf(out, "%s_bucket%s %d\n", name, braced(labels, `le="+Inf"`), s.count)
		fmt.Fprintf(out, "%s_sum%s %s\n%s_count%s %d\n", name, braced(labels), number(s.value), name, braced(labels), s.count)
	}
}
