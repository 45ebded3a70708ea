package warrant

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/policy"
)

// How people pass from case to case by a joinder and a severance (CPC 43, 44), and what
// ends with them there.

// join brings the people of the other case into this one (CPC 43).
func (c *Chain) join(p Paper) string {
	c.into[p.Other] = append(c.into[p.Other], p.Case) // whoever signed it, what ends in one ends in the other
	if !c.could(p, func(at time.Time) bool { return c.conducts(p.Signer, p.Case, at) && c.conducts(p.Signer, p.Other, at) }) {
		return "who joined the cases did not conduct both"
	}
	c.goes[p.Other] = append(c.goes[p.Other], p.Case)
	c.bring(p.Case, p.Other, func(*member) bool { return true })
	return ""
}

// sever begins a case with the officials of this one, and brings those whom it
// concerns there, with who acts for them (CPC 44).
func (c *Chain) sever(p Paper) string {
	why := ""
	if k := c.cases[p.Case]; k == nil || !c.could(p, func(at time.Time) bool { return c.conducts(p.Signer, p.Case, at) }) {
		why = "who severed the case did not conduct it"
	} else if there := c.cases[p.Other]; there != nil {
		// Its number is what a paper says of itself: it is that of the one that was signed first.
		if why = "the case is there already"; there.from != p.Case && there.by.at.After(p.At) {
			c.later = &there.by.of
		}
	} else {
		fresh := &casefile{body: k.body, office: k.office, from: p.Case, by: begun{signature{p.Digest, p.Signer}, p.At}}
		for _, duty := range []struct{ from, to *[]*span }{{&k.charge, &fresh.charge}, {&k.supervision, &fresh.supervision}} {
			for _, s := range *duty.from {
				if s.held(p.Made) { // what was taken by a paper printed before and signed after goes over taken
					again := *s
					again.from = p.Made
					*duty.to = append(*duty.to, &again)
				}
			}
		}
		c.cases[p.Other] = fresh
		concerned := map[uuid.UUID]bool{}
		for i := range p.Concerns {
			if m := c.meant(p.Fact, i); m != nil {
				concerned[m.id] = true
			}
		}
		c.bring(p.Other, p.Case, func(m *member) bool {
			return concerned[m.id] || concerned[m.represents]
		})
	}
	if p.Leaving {
		for i := range p.Concerns {
			for _, m := range c.struck(p.Fact, i) {
				if m.represents == uuid.Nil {
					m.confirmed = false
				}
			}
		}
	}
	return why
}

// bring has everybody confirmed in one case, or those of them that it is about, stand
// in another as what he is; the represented before those who act for them.
func (c *Chain) bring(to, from uuid.UUID, about func(*member) bool) {
	there := map[uuid.UUID]uuid.UUID{}
	var going []*member
	for id, m := range c.members {
		if id == m.id && m.in == from && m.confirmed && about(m) {
			going = append(going, m)
		}
	}
	slices.SortFunc(going, func(a, b *member) int { return bytes.Compare(a.id[:], b.id[:]) })
	for _, acting := range []bool{false, true} {
		for _, m := range going {
			represents, comes := there[m.represents]
			if acting != (m.represents != uuid.Nil) || acting && !comes {
				continue
			}
			there[m.id] = c.one(to, represents, m)
		}
	}
}

func (c *Chain) one(to, represents uuid.UUID, m *member) uuid.UUID {
	fresh := *m
	fresh.id, fresh.in, fresh.represents, fresh.brought = Brought(to, m.id), to, represents, true
	fresh.previous, fresh.own = m.id, false
	for id, same := range c.members {
		if id != same.id || same.in != to || same.person != m.person || same.role != m.role || same.represents != represents {
			continue
		}
		if !same.confirmed {
			fresh.id, fresh.brought = same.id, same.brought
			if same.previous != uuid.Nil {
				fresh.previous = same.previous
			}
			*same = fresh
		}
		return same.id
	}
	c.members[fresh.id] = &fresh
	return fresh.id
}

// joined says that one case was joined into another, or into one that was, by those joinders.
func joined(by map[uuid.UUID][]uuid.UUID, from, to uuid.UUID, seen []uuid.UUID) bool {
	return slices.ContainsFunc(by[from], func(next uuid.UUID) bool {
		return next == to || !slices.Contains(seen, next) && joined(by, next, to, append(seen, next))
	})
}

// goesOn says that a case goes on in another: it was joined into it, or that one was
// severed from it. What was decided in the one is complained of in the other, and whoever
// decides it there reads that.
func (c *Chain) goesOn(in, other uuid.UUID) bool {
	k := c.cases[other]
	return joined(c.goes, in, other, nil) || k != nil && k.from == in && in != uuid.Nil
}

// onlyBrought says that a status stands by a joinder or a severance alone.
func (c *Chain) onlyBrought(m *member) bool {
	before := c.members[m.previous]
	return before != nil && before.in != m.in && !m.own
}

// endJoined ends what somebody was in the cases that were joined into one, where he is it
// no more.
func (c *Chain) endJoined(in, person, whom uuid.UUID, role func(policy.Role) bool) {
	his := func(x *member) bool { return x.confirmed && x.person == person && c.whom(x) == whom }
	for id, x := range c.members {
		if id != x.id || !his(x) || !role(x.role) || !joined(c.into, x.in, in, nil) {
			continue
		}
		still := false
		for other, y := range c.members {
			still = still || other == y.id && y.in == in && y.role == x.role && his(y)
		}
		if !still {
			c.ends(x)
		}
	}
}

// dissent ends what rests on a decision that the prosecutor refused, but for those whom
// another decision of the kind names, with which he agreed.
func (c *Chain) dissent(p Paper) {
	if a := c.entry(p); len(a) > 0 {
		c.declined[a[0].Digest] = true // an entry that was declined gives nothing by anybody's assent
	}
	for i, id := range p.Concerns {
		struck := c.struck(p.Fact, i)
		for _, m := range struck {
			c.lapse(m, p.Decision)
		}
		is := func(x *member) bool {
			return len(struck) == 0 && i < len(p.Who) && x.person == p.Who[i].Person && x.role == p.Who[i].Role && c.whom(x) == p.Who[i].Whom
		}
		for from, x := range c.members { // a joinder that gave nothing brought nobody, and takes all the same
			if slices.Contains(c.into[x.in], p.Case) && (Brought(p.Case, from) == id || is(x)) {
				c.falls(x, x.role, p.Decision)
			}
		}
	}
}

// falls ends a status that rests on a decision of a kind, with none of which the
// prosecutor agreed.
func (c *Chain) falls(m *member, role policy.Role, kind policy.Kind) {
	if _, falls := policy.Falls(m.role, m.basis, kind); falls && m.role == role && !c.agreedOn(m, kind) {
		m.confirmed = false
	}
}

// lapse ends a status by a refusal, with those that were brought out of it, and with the
// ones it was brought out of by a joinder.
func (c *Chain) lapse(m *member, kind policy.Kind) {
	if c.falls(m, m.role, kind); m.confirmed {
		return
	}
	onwards := []*member{m}
	for i := 0; i < len(onwards); i++ {
		for _, x := range c.members {
			if x.previous == onwards[i].id && c.onlyBrought(x) && !slices.Contains(onwards, x) {
				onwards = append(onwards, x)
				c.falls(x, m.role, kind)
			}
		}
	}
	for x := m; c.onlyBrought(x); {
		before := c.members[x.previous]
		if !slices.Contains(c.into[before.in], x.in) {
			break
		}
		c.falls(before, m.role, kind)
		x = before
	}
}

// agreedOn says that the prosecutor agreed with a decision of a kind that names somebody,
// as what he is or was before.
func (c *Chain) agreedOn(m *member, kind policy.Kind) bool {
	line := c.line(m)
	return slices.ContainsFunc(c.agreed, func(f Fact) bool {
		for i := range f.Concerns {
			if named := c.meant(f, i); f.Decision == kind && named != nil && slices.Contains(line, named) {
				return true
			}
		}
		return false
	})
}
