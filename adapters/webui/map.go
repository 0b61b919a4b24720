package webui

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

	"ttledger/domain/ledger"
)

// Shenyang, from which bearings and distances are told.
const (
	centreLatitude  = 41.8057
	centreLongitude = 123.4315
)

// node is a place on the drawing.
type node struct {
	Stream           string
	Name, Href, Kind string
	Links            string
	Kilometres       int
	Bearing          int // degrees from north, by east
	X, Y             int
	LabelX, LabelY   int
	End              bool // the label ends at its place, and does not begin there
}

// mapData is the schematic of resources: bearings and distances, and no boundaries of anything.
type mapData struct {
	Nodes  []node
	Links  [][4]int
	Report string
	Rings  []ring
	Width  int
	Height int
	CX, CY int
}

type ring struct {
	R  int
	Km string
	Y  int
}

// The drawing's measures, in pixels; text keeps its size.
const (
	drawWidth  = 1040
	drawHeight = 640
	drawRadius = 260
	labelStep  = 20
	labelPlace = drawRadius + 45
)

// mostNodes bounds what is drawn: those with the most links; the report has all of them.
const mostNodes = 40

// drawing shows where the zone's resources are and what links them, by bearing and distance, with
// the same as a table.
func (s *site) drawing(p *page) error {
	p.dated()
	data := mapData{Width: drawWidth, Height: drawHeight, CX: drawWidth / 2, CY: drawHeight / 2, Report: p.Href("/reports/r16")}
	var nodes, links rows
	if err := p.get("/v1/reports/r16", p.at(nil), &nodes); err != nil {
		return err
	}
	if err := p.get("/v1/reports/r16-links", p.at(nil), &links); err != nil {
		return err
	}
	for _, r := range nodes.Rows {
		if one, ok := p.nodeOf(r); ok && len(data.Nodes) < mostNodes {
			data.Nodes = append(data.Nodes, one)
		}
	}
	data.place()
	data.link(links.Rows)
	return p.render(http.StatusOK, "map", p.say("map"), data)
}

func (p *page) nodeOf(r row) (node, bool) {
	latitude, bad := strconv.ParseFloat(r.text("latitude"), 64)
	longitude, worse := strconv.ParseFloat(r.text("longitude"), 64)
	stream, none := ledger.ParseStreamID(r.text("node"))
	if bad != nil || worse != nil || none != nil {
		return node{}, false
	}
	km, bearing := fromCentre(latitude, longitude)
	return node{
		Stream: r.text("node"), Name: p.either(r.text("name_zh"), r.text("name_en")), Kind: p.site.term(p.Lang, "kind", r.text("kind")),
		Kilometres: int(math.Round(km)), Bearing: int(math.Round(bearing)) % 360, Links: r.text("links"), Href: p.Href("/things/" + stream.Category + "/" + stream.ID.String()),
	}, true
}

// link draws a line between two nodes that have something to do with each other.
func (m *mapData) link(found []row) {
	at := map[string]node{}
	for _, n := range m.Nodes {
		at[n.Stream] = n
	}
	for _, r := range found {
		a, known := at[r.text("a")]
		b, too := at[r.text("b")]
		if known && too {
			m.Links = append(m.Links, [4]int{a.X, a.Y, b.X, b.Y})
		}
	}
}

// fromCentre is the great-circle distance and the first bearing.
func fromCentre(latitude, longitude float64) (km, bearing float64) {
	rad := func(degrees float64) float64 { return degrees * math.Pi / 180 }
	a, b, d := rad(centreLatitude), rad(latitude), rad(longitude-centreLongitude)
	h := math.Pow(math.Sin((b-a)/2), 2) + math.Cos(a)*math.Cos(b)*math.Pow(math.Sin(d/2), 2)
	km = 2 * 6371 * math.Asin(math.Sqrt(h))
	bearing = math.Atan2(math.Sin(d)*math.Cos(b), math.Cos(a)*math.Sin(b)-math.Sin(a)*math.Cos(b)*math.Cos(d)) * 180 / math.Pi
	return km, math.Mod(bearing+360, 360)
}

// place gives nodes and labels their places: a node by the root of its distance, so that near and
// far both show; labels in two columns, each pushed down far enough to leave the one above it room.
func (m *mapData) place() {
	most := 1.0
	for _, n := range m.Nodes {
		most = max(most, float64(n.Kilometres))
	}
	scale := func(km float64) float64 { return drawRadius * math.Sqrt(km/most) }
	for _, share := range []float64{0.1, 0.4, 1} {
		r := int(scale(share * most))
		m.Rings = append(m.Rings, ring{R: r, Km: fmt.Sprintf("%.0f km", share*most), Y: m.CY - r - 4})
	}
	sides := map[bool][]*node{}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		angle := float64(n.Bearing) * math.Pi / 180
		n.X, n.Y = m.CX+int(scale(float64(n.Kilometres))*math.Sin(angle)), m.CY-int(scale(float64(n.Kilometres))*math.Cos(angle))
		n.End = n.X < m.CX
		sides[n.End] = append(sides[n.End], n)
	}
	for left, list := range sides {
		slices.SortStableFunc(list, func(a, b *node) int { return cmp.Compare(a.Y, b.Y) })
		y := labelStep
		for i, n := range list {
			y = max(y+labelStep*btoi(i > 0), min(n.Y, m.CY+drawRadius-labelStep*(len(list)-i-1)))
			n.LabelY, n.LabelX = y, m.CX+labelPlace
			if left {
				n.LabelX = m.CX - labelPlace
			}
		}
		m.Height = max(m.Height, y+labelStep)
	}
}
