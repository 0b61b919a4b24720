package projections

import (
	"strings"

	"ttledger/domain/ledger"
)

// MapNodes is what stands on the resource map, each a SELECT of stream, kind, names in Chinese and
// English, place, longitude and latitude in degrees, and capabilities as JSON. A kind of thing that
// has a place is a line here.
var MapNodes = []string{
	`SELECT 'organisation-' || id, kind, name_zh, name_en, region, NULL, NULL, industry_tags FROM {organisation-register} WHERE registered_on IS NOT NULL`,
	`SELECT 'facility-' || id, kind, name_zh, name_en, country, longitude, latitude, directions FROM {facility-register} WHERE withdrawn_on IS NULL`,
}

// MapLinks is what joins two nodes of the map, each a SELECT of two streams and the kind of link.
var MapLinks = []string{
	`SELECT 'organisation-' || (a.value ->> 'organisation'), 'organisation-' || (b.value ->> 'organisation'), 'project'
	   FROM {project-board} AS p, json_each(p.parties) AS a, json_each(p.parties) AS b
	  WHERE a.value ->> 'organisation' < b.value ->> 'organisation'`,
	`SELECT 'organisation-' || host, 'organisation-' || c.value, 'programme' FROM {programmes} AS p, json_each(p.counterparts) AS c WHERE host IS NOT NULL`,
	`SELECT 'facility-' || id, 'organisation-' || host, 'host' FROM {facility-register} WHERE host IS NOT NULL AND withdrawn_on IS NULL`,
	`SELECT 'facility-' || park, 'facility-' || id, 'park' FROM {facility-register} WHERE park IS NOT NULL AND withdrawn_on IS NULL`,
}

var mapped = `
WITH nodes(node, kind, name_zh, name_en, place, longitude, latitude, capabilities) AS (
` + strings.Join(MapNodes, "\nUNION ALL ") + `
), links(a, b, kind) AS (
` + strings.Join(MapLinks, "\nUNION ALL ") + `
), ends(node) AS (SELECT a FROM links UNION ALL SELECT b FROM links)`

// ResourceMap is R16 as a list: the nodes of the resource map, each with how many links it has. It
// draws no boundaries.
var ResourceMap = Report{
	Code: "r16", Formula: "R16/nodes/v1", Roles: Offices,
	Params: []Param{
		{Name: "place", Help: ledger.Text{En: "what the place begins with, such as 2101 or DE", Zh: "地点代码前缀,如 2101 或 DE"}},
		{Name: "kind", Help: ledger.Text{En: "kind of node", Zh: "节点类型"}},
	},
	Title: ledger.Text{En: "resource map: nodes", Zh: "创新资源地图:节点"},
	Columns: []Column{
		column("node", TypeText, "node", "节点"),
		column("kind", TypeText, "kind", "类型"),
		column("name_zh", TypeText, "name (Chinese)", "名称(中文)"),
		column("name_en", TypeText, "name (English)", "名称(英文)"),
		column("place", TypeText, "place", "地点"),
		column("longitude", TypeNumber, "longitude (WGS 84)", "经度(WGS 84)"),
		column("latitude", TypeNumber, "latitude (WGS 84)", "纬度(WGS 84)"),
		column("capabilities", TypeJSON, "capabilities", "能力"),
		column("links", TypeInteger, "links", "联系数"),
	},
	SQL: mapped + `, activity AS (SELECT node, count(*) AS n FROM ends GROUP BY node)
SELECT n.node, kind, name_zh, name_en, place, longitude, latitude, capabilities, coalesce(activity.n, 0)
  FROM nodes AS n LEFT JOIN activity ON activity.node = n.node
 WHERE (:place IS NULL OR substr(place, 1, length(:place)) = :place) AND (:kind IS NULL OR kind = :kind)
 ORDER BY coalesce(activity.n, 0) DESC, n.node`,
}

// ResourceLinks is the links between the nodes of R16, each pair with how many there are of a kind.
var ResourceLinks = Report{
	Code: "r16-links", Formula: "R16/links/v1", Roles: Offices, Lines: 3,
	Title: ledger.Text{En: "resource map: links", Zh: "创新资源地图:联系"},
	Columns: []Column{
		column("a", TypeText, "node", "节点"),
		column("b", TypeText, "other node", "另一节点"),
		column("kind", TypeText, "kind of link", "联系类型"),
		column("links", TypeInteger, "links", "联系数"),
	},
	SQL: mapped + `
SELECT a, b, kind, count(*) FROM links GROUP BY a, b, kind ORDER BY count(*) DESC, a, b, kind`,
}
