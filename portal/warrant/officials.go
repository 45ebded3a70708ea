package warrant

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Who holds which post, and stands in for whom: rolls, assents and substitutions.

// beginning are the rolls, by their digests, that came before two administrators were named.
// Those of later say nothing of administrators that is not so, whatever day they bear: or the
// register's key could put others before the first two, and what these signed would be void.
func beginning(papers []Paper, at time.Time) map[[32]byte]bool {
	var rolls []Paper
	for _, p := range papers {
		if p.Kind == Roll && p.Register && !p.Made.After(at.Add(skew)) {
			rolls = append(rolls, p)
		}
	}
	slices.SortFunc(rolls, func(a, b Paper) int {
		return cmp.Or(a.Came.Compare(b.Came), a.Made.Compare(b.Made), bytes.Compare(a.Digest[:], b.Digest[:]))
	})
	begins, named := map[[32]byte]bool{}, map[uuid.UUID]bool{}
	for _, p := range rolls {
		if len(named) >= 2 {
			break
		}
		begins[p.Digest] = true
		for _, o := range p.Officers {
			if o.Post == "administrator" {
				named[o.Person] = true
			}
		}
	}
	return begins
}

// roll: who administers the portal two people sign, and the register says it of the first
// ones only, as long as there are not two. Otherwise its one key would be those two people.
func (c *Chain) roll(p Paper, late time.Time) {
	for _, b := range p.Bodies {
		c.bodies[b.ID] = b
	}
	begins := c.begins[p.Digest] && c.fewAdminister()
	for _, o := range p.Officers {
		if administration[o.Post] && !begins || c.administers(o.Person, p.Made) {
			if !slices.ContainsFunc(c.tenures[o.Person], func(s *span) bool { // it may say again what is so
				return s.holds(p.Made) && s.post == o.Post && s.body == o.Body && s.until == o.Until
			}) {
				c.refuse(p, "who administers the portal is not the register's to say")
			}
			continue
		}
		c.moves(o.Person, o.Post, o.Body, late)
		c.tenures[o.Person] = append(c.tenures[o.Person], &span{person: o.Person, post: o.Post, body: o.Body, until: o.Until, from: p.Made})
	}
}

// moves takes his post from somebody who comes into one, and his substitutions with it, but
// not where it is the same: then his term alone is another.
func (c *Chain) moves(person uuid.UUID, post string, body uuid.UUID, late time.Time) {
	for _, s := range c.tenures[person] {
		if !s.taken && s.post == post && s.body == body {
			s.take(late)
			return
		}
	}
	c.leave(person, late)
}

// administration are the posts of those who administer the portal, and of who looks after
// them.
var administration = map[string]bool{"administrator": true, "auditor": true}

// fewAdminister says that two were never administrators: nobody could sign an entry.
func (c *Chain) fewAdminister() bool {
	n := 0
	for _, all := range c.tenures {
		if slices.ContainsFunc(all, func(s *span) bool { return s.post == "administrator" }) {
			n++
		}
	}
	return n < 2
}

func (c *Chain) administers(person uuid.UUID, at time.Time) bool {
	return slices.ContainsFunc(c.tenures[person], func(s *span) bool { return s.holds(at) && administration[s.post] })
}

// leave takes from somebody his post, and his substitutions with it.
func (c *Chain) leave(person uuid.UUID, late time.Time) {
	for _, s := range c.tenures[person] {
		s.take(late)
	}
	for _, s := range c.deputies {
		if s.person == person || s.of == person {
			s.take(late)
		}
	}
}

// was says that somebody was in a post of a body when something was printed; a nil
// body is any.
func (c *Chain) was(person uuid.UUID, post string, body uuid.UUID, at time.Time) bool {
	return slices.ContainsFunc(c.tenures[person], func(s *span) bool {
		return s.held(at) && s.post == post && (body == uuid.Nil || s.body == body)
	})
}

// assent lets an entry into the directory take effect, or keeps that a prosecutor
// agreed with a decision.
func (c *Chain) assent(p Paper, late time.Time) string {
	if p.Decision != "" {
		if c.could(p, func(at time.Time) bool { return c.supervises(p.Signer, p.Case, at) }) {
			c.agreed = append(c.agreed, p.Fact)
			return ""
		}
		return "who agreed did not supervise the case"
	}
	signed := c.entry(p)
	if len(signed) == 0 {
		return "" // to a paper that gives nothing: a record, a withdrawal
	}
	a := signed[0]
	delete(c.papers, a.Digest)              // answered once
	c.moves(a.Person, a.Post, a.Body, late) // who leaves, to no post
	if c.declined[a.Digest] {               // by whomever: that gives back nothing
		return "it was declined"
	}
	why := ""
	for _, a := range signed { // others may have put their names to it
		if why = c.entered(p, a); why == "" {
			break
		}
	}
	return why
}

// entry are the papers of an entry that another is about, by the file that it names: the number
// is only what a paper says of itself. Each is the same file, signed by somebody else.
func (c *Chain) entry(p Paper) []Paper {
	var file [32]byte
	if sum, err := hex.DecodeString(p.Fact.Digest); err == nil {
		copy(file[:], sum)
	}
	signed := c.papers[file]
	if len(signed) == 0 || signed[0].ID != p.About {
		return nil
	}
	return signed
}

// entered gives a post by an entry, as one signed it and another agreed; or says why it does not.
func (c *Chain) entered(p, a Paper) string {
	proposes := func(at time.Time) bool { return c.was(a.Signer, "administrator", uuid.Nil, at) }
	agrees := func(at time.Time) bool {
		return c.was(p.Signer, "administrator", uuid.Nil, at) ||
			!a.Leaves && (c.was(p.Signer, "head", a.Body, at) || c.was(p.Signer, "chief-prosecutor", a.Body, at))
	}
	switch {
	case a.Signer == p.Signer || a.Signer == a.Person || p.Signer == a.Person:
		return "an entry takes two people who are not in it"
	case !c.could(a, proposes) || !proposes(p.Made):
		return "who proposed the entry was no administrator"
	case !c.could(p, agrees):
		return "who agreed with the entry could not"
	}
	if !a.Leaves {
		c.tenures[a.Person] = append(c.tenures[a.Person], &span{person: a.Person, post: a.Post, body: a.Body, until: a.Until, from: p.Made})
	}
	return ""
}

// heads are the posts whose holder gives cases and deputies to those of another post.
var heads = map[string]string{"head": "investigator", "chief-prosecutor": "prosecutor"}

func (c *Chain) substitute(p Paper) string {
	for head, post := range heads {
		for _, s := range c.tenures[p.Signer] {
			body := s.body
			if s.post != head || !c.was(p.Officer, post, body, p.Made) || !c.was(p.Deputy, post, body, p.Made) ||
				!c.could(p, func(at time.Time) bool { return c.was(p.Signer, head, body, at) }) {
				continue
			}
			deputy := &span{person: p.Deputy, of: p.Officer, until: p.Until, from: p.Made}
			if ended, ok := c.taken[p.ID]; ok {
				deputy.take(ended)
			}
			c.deputies = append(c.deputies, deputy)
			return ""
		}
	}
	return "who signed it does not head the two"
}
