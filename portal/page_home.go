package portal

import (
	"slices"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/notice"
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
	case "auditor":
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
	Told   *notice.Tally // how many notices went out in time; nil on the other topics
}

func (p *Portal) about(c echo.Context, _ policy.Ask) error {
	topic := c.Param("topic")
	if !slices.Contains(topics, topic) {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	page := aboutPage{Topic: topic, Topics: topics, Log: p.logView()}
	if topic == "terms" {
		t, err := notice.Public(c.Request().Context(), p.DB.DB)
		if err != nil {
			return err
		}
		page.Told = &t
	}
	return p.show(c, "about", page)
}
