package portal

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/law"
	"zharia/portal/policy"
)

// closedPage tells a participant what his status does not open, and why. It knows
// the statuses and nothing of the case: whether there is such a decision it does
// not tell.
type closedPage struct {
	Case  casefile.Case
	Seats []closedSeat
	May   map[string]bool
}

// closedSeat is one of the reader's capacities.
type closedSeat struct {
	casefile.Capacity
	Groups []closedGroup
}

// closedGroup is what is closed for one reason.
type closedGroup struct {
	Why  policy.Reason
	By   law.Ref
	Ask  bool // the investigator can open it: ask him
	Rows []policy.Closing
}

// asks are the reasons that a petition to the investigator can overcome; against
// the others there is a complaint.
var asks = map[policy.Reason]bool{
	policy.FactOnly: true, policy.CopyAsked: true, policy.ClaimOnly: true, policy.NoOthersData: true,
	policy.Unopened: true, policy.ToRead: true, policy.CopyLater: true,
}

func (p *Portal) caseClosed(c echo.Context, ask policy.Ask) error {
	of, err := casefile.Read(c.Request().Context(), p.DB, ask, id(c, "case"))
	if err != nil {
		return err
	}
	page := closedPage{Case: of, May: map[string]bool{}}
	for _, act := range of.Acts(ask, policy.FilingNew) {
		page.May[string(act)] = true
	}
	for _, capacity := range of.Capacities {
		page.Seats = append(page.Seats, seatOf(capacity))
	}
	return p.show(c, "closed", page)
}

func seatOf(capacity casefile.Capacity) closedSeat {
	seat := closedSeat{Capacity: capacity}
	closed := policy.Closed(policy.Viewer{Role: capacity.Role, Represented: capacity.RepresentedRole})
	for _, why := range policy.Reasons {
		group := closedGroup{Why: why, By: why.By(), Ask: asks[why]}
		for _, row := range closed {
			if row.Sight.Why == why {
				group.Rows = append(group.Rows, row)
			}
		}
		if group.Rows != nil {
			seat.Groups = append(seat.Groups, group)
		}
	}
	return seat
}

// shown is what the page of a decision says of how it is shown: to a participant
// why it is no more, to officials what was signed about it for whom.
type shown struct {
	Ask        bool // a petition to the investigator can open more
	Registered casefile.Registered
	Exposures  []casefile.Exposure
	Redactions []casefile.Redaction
	May        map[string]bool
}

func (p *Portal) shownOf(c echo.Context, ask policy.Ask, of casefile.Case, d casefile.Decision) (shown, error) {
	ctx := c.Request().Context()
	out := shown{Ask: asks[d.Why], May: map[string]bool{}}
	var err error
	if d.Original != uuid.Nil {
		if out.Registered, err = d.Registration(ctx, p.DB); err != nil {
			return out, err
		}
	}
	if d.Status != casefile.Published {
		return out, nil
	}
	for _, act := range of.Acts(ask, policy.ExposureNew, policy.RedactionNew, policy.CaseClosed) {
		out.May[string(act)] = true
	}
	if out.Exposures, err = casefile.Exposures(ctx, p.DB, of, d.ID); err != nil {
		return out, err
	}
	out.Redactions, err = casefile.Redactions(ctx, p.DB, of, d.ID)
	return out, err
}
