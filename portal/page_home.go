package portal

import (
	"slices"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/policy"
)

// home is the first page: what can be done here.
func (p *Portal) home(c echo.Context, ask policy.Ask) error {
	return p.show(c, "home", homePage{ask.Is&policy.Citizen != 0})
}

type homePage struct {
	SignedIn bool
}

// topics are what the portal explains about itself; the words of a topic are
// about.TOPIC.title and about.TOPIC.text.
var topics = []string{"access", "signature", "terms", "protection"}

type aboutPage struct {
	Topic  string
	Topics []string
}

func (p *Portal) about(c echo.Context, _ policy.Ask) error {
	topic := c.Param("topic")
	if !slices.Contains(topics, topic) {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return p.show(c, "about", aboutPage{topic, topics})
}
