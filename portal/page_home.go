package portal

import (
	"slices"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/policy"
)

// home is the first page: what can be done here.
func (p *Portal) home(c echo.Context, ask policy.Ask) error {
	return p.show(c, "home", homePage{ask.Is&policy.Citizen != 0, homePost(me(c).Post)})
}

type homePage struct {
	SignedIn bool
	Post     string // of an official who has no desk here yet; else ""
}

// homePost is the post that the first page has a word for: those who have no desk
// are told why.
func homePost(post string) string {
	switch post {
	case "registrar", "auditor":
		return post
	}
	return ""
}

// topics are what the portal explains about itself; the words of a topic are
// about.TOPIC.title and about.TOPIC.text.
var topics = []string{"access", "signature", "terms", "protection"}

type aboutPage struct {
	Topic  string
	Topics []string
	Log    logView
}

func (p *Portal) about(c echo.Context, _ policy.Ask) error {
	topic := c.Param("topic")
	if !slices.Contains(topics, topic) {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return p.show(c, "about", aboutPage{topic, topics, p.logView()})
}
