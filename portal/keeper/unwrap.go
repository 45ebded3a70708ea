package keeper

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/vault"
)

// answer is what the keeper gives: a key for each object, nil for one whose wrap is
// not what was sealed for its place.
type answer struct {
	Keys    [][]byte    `json:"keys"`
	Opening []uuid.UUID `json:"opening,omitempty"` // what custodians opened, if that was needed
}

// asked is a request that was shown to be somebody's.
type asked struct {
	person uuid.UUID
	asks   []vault.Ask
}

// unwrap opens for a person who signed in: the body is a request, signed with the key
// of the session. Errors are refusals, ErrSealed, or our own failure.
func (k *Keeper) unwrap(ctx context.Context, s signed) (answer, error) {
	var out answer
	err := k.within(func(o *opened, st state) (err error) {
		q, err := k.person(o, s)
		out, err = k.open(ctx, o, st, q, err)
		return err
	})
	return out, err
}

// bySlip opens for a worker what the author of an act let it.
func (k *Keeper) bySlip(ctx context.Context, s slip, asks []ask) (answer, error) {
	if err := k.login(ctx, s.Challenge, s.Login, SlipLife); err != nil {
		return answer{}, err
	}
	var out answer
	err := k.within(func(o *opened, st state) (err error) {
		q, err := k.worker(o, s, asks)
		out, err = k.open(ctx, o, st, q, err)
		return err
	})
	return out, err
}

// login proves a sign-in, unless it is known. While authorities are asked nothing is
// held, and afterwards the keeper may be sealed. past is how long ago it may have
// ended: a worker comes with the sign-in of somebody who has left.
func (k *Keeper) login(ctx context.Context, challenge, cms []byte, past time.Duration) error {
	name, now := loginName(challenge, cms), k.config.Now()
	var tagKey []byte
	var known bool
	err := k.within(func(o *opened, _ state) error {
		_, known = o.logins.find(name, now.Add(-past))
		tagKey = append(tagKey, o.tagKey...)
		return nil
	})
	defer clear(tagKey)
	if err != nil || known {
		return err
	}
	proved, err := k.prove(ctx, challenge, cms, now, past, tagKey)
	line := decision{At: now, What: "login", Answer: "proved", Person: proved.person}
	if r := (*refusal)(nil); errors.As(err, &r) {
		line.Answer, line.Why = "refuse", string(r.reason)
	}
	if err := errors.Join(err, k.decisions.write(line, err != nil)); err != nil {
		return err
	}
	return k.within(func(o *opened, _ state) error {
		o.logins.keep(name, proved, now)
		return nil
	})
}

// person shows who signed the request, and that it is new.
func (k *Keeper) person(o *opened, s signed) (asked, error) {
	var r request
	if err := strictly(s.Body, &r); err != nil || len(r.Login) != 32 || len(r.Nonce) != nonceSize {
		return asked{}, refuse(RequestUnsigned)
	}
	now := k.config.Now()
	who, known := o.logins.find([32]byte(r.Login), now)
	if !known {
		return asked{}, refuse(LoginUnknown)
	}
	_, ended := k.ended.since(who.end, [32]byte(r.Login))
	q, err := askedBy(who.person, r.Asks)
	switch {
	case !s.by(who.key, forRequest):
		return asked{asks: q.asks}, refuse(RequestUnsigned)
	case err != nil:
		return q, err
	case ended:
		return q, refuse(LoginEnded)
	case r.At.Before(now.Add(-requestLife)) || r.At.After(now.Add(requestLife)) || r.At.Before(o.since) && !now.Before(o.since):
		// One from before the unsealing may be in no memory of what was answered. By a clock that
		// was put back since nobody can tell.
		return q, refuse(RequestStale)
	}
	return q, o.nonces.use([nonceSize]byte(r.Nonce), now)
}

// worker shows that the author of an act let the portal open these.
func (k *Keeper) worker(o *opened, s slip, asks []ask) (asked, error) {
	now, name := k.config.Now(), loginName(s.Challenge, s.Login)
	who, known := o.logins.find(name, now.Add(-SlipLife))
	if !known {
		return asked{}, refuse(LoginUnknown)
	}
	left, ended := k.ended.since(who.end, name)
	q, err := askedBy(who.person, asks)
	var p permit
	switch {
	case !s.Signed.by(who.key, forSlip) || strictly(s.Signed.Body, &p) != nil || string(p.Login) != string(name[:]):
		return asked{asks: q.asks}, refuse(SlipStrange)
	case err != nil:
		return q, err
	case p.At.After(now.Add(skew)) || !now.Before(p.At.Add(SlipLife)) || p.At.Before(who.from.Add(-skew)) || !p.At.Before(who.until):
		return q, refuse(SlipOld)
	case ended && p.At.After(left.Add(skew)):
		return q, refuse(LoginEnded)
	}
	named := map[place]bool{}
	for _, one := range p.Places {
		named[one] = true
	}
	for _, a := range asks {
		if !named[a.place] {
			return q, refuse(SlipElsewhere)
		}
	}
	return q, nil
}

// askedBy reads what is wanted. Every place is whole, or nothing is answered.
func askedBy(person uuid.UUID, asks []ask) (asked, error) {
	q := asked{person: person}
	if len(asks) == 0 || len(asks) > vault.MaxAsks {
		return q, refuse(RequestUnsigned)
	}
	for _, a := range asks {
		if _, err := a.where().Bytes(); err != nil {
			return q, refuse(RequestUnsigned)
		}
		q.asks = append(q.asks, a.ask())
	}
	return q, nil
}

// open asks for the measure, then for the right to each case or person, then opens.
// Whatever comes of it is written down before it is answered.
func (k *Keeper) open(ctx context.Context, o *opened, s state, q asked, no error) (answer, error) {
	var out answer
	by := map[uuid.UUID]uuid.UUID{}
	if no == nil {
		by, no = k.may(ctx, o, q)
	}
	if no == nil {
		out.Keys, no = o.unwrap(q.asks, s.Epoch)
	}
	if len(q.asks) > 0 {
		if err := k.tell(q.person, q.asks, by, no); err != nil {
			return answer{}, err
		}
	}
	for _, opening := range by {
		out.Opening = append(out.Opening, opening)
	}
	if no != nil {
		return answer{}, no
	}
	return out, nil
}

// may says why the person may not open all of it; by has the openings that it took.
func (k *Keeper) may(ctx context.Context, o *opened, q asked) (by map[uuid.UUID]uuid.UUID, err error) {
	var cases []uuid.UUID
	posts := false
	for _, g := range grouped(q.asks) {
		if posts = posts || g.house || g.body != uuid.Nil; g.casefile != uuid.Nil {
			cases = append(cases, g.casefile)
		}
	}
	now := k.config.Now()
	no := map[uuid.UUID]error{}
	for _, casefile := range cases {
		no[casefile] = k.standing(ctx, o, q.person, casefile, places(q.asks, casefile), now)
	}
	if posts {
		no[uuid.Nil] = k.standing(ctx, o, q.person, uuid.Nil, places(q.asks, uuid.Nil), now)
	}
	for casefile, err := range no { // it will be asked again with the papers, and counted then
		_, open := o.against(q.person, casefile, now)
		if r := (*refusal)(nil); errors.As(err, &r) && r.reason == NoPapers && !open {
			return nil, err
		}
	}
	if err := o.meter.take(q.person, len(q.asks), cases, now); err != nil {
		return nil, err
	}
	for _, a := range q.asks {
		if a.Where.Person != uuid.Nil && a.Where.Person != q.person {
			return nil, refuse(NotTheirs)
		}
	}
	if err := no[uuid.Nil]; err != nil {
		return nil, err
	}
	by = map[uuid.UUID]uuid.UUID{}
	for _, casefile := range cases {
		if no[casefile] == nil {
			continue
		}
		opening, is := o.against(q.person, casefile, now)
		if !is {
			return nil, no[casefile]
		}
		by[casefile] = opening
	}
	return by, nil
}

// places are where the texts of a case lie that somebody asks for; without one, those of
// whoever is in a post.
func places(asks []vault.Ask, casefile uuid.UUID) []vault.Where {
	var out []vault.Where
	for _, a := range asks {
		if a.Where.Case == casefile && a.Where.Person == uuid.Nil {
			out = append(out, a.Where)
		}
	}
	return out
}

// standing is for a case or, without one, for what a body received and for the papers
// about officials.
func (k *Keeper) standing(ctx context.Context, o *opened, person, casefile uuid.UUID, of []vault.Where, at time.Time) error {
	switch {
	case k.config.WithoutChain:
		return nil
	case o.rights == nil:
		return refuse(NoStanding)
	}
	err := o.rights.Standing(ctx, person, casefile, of, at)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoPapers):
		return refuse(NoPapers)
	}
	return refuse(NoStanding).because(err)
}

// Object is bytes with the place they are sealed for, or, without a place, in clear.
type Object struct {
	Where vault.Where
	Bytes []byte
}

// SealedPaper is a signed paper as the portal has it: it cannot read it by itself.
type SealedPaper struct {
	Case       uuid.UUID // none of a paper about officials
	Content    Object
	Signatures []Object
	Evidence   []Object  // of each signature; none where there is none
	Ended      time.Time // since when it holds no more, though no paper says so
}

// take opens a paper for the keeper's own eyes and gives it to those who judge; while
// they do nothing is held, for they may ask authorities. What they want remembered is on
// disk before the answer.
func (k *Keeper) take(ctx context.Context, p SealedPaper) error {
	var paper Paper
	var by *opened
	var tagKey []byte
	err := k.within(func(o *opened, s state) (err error) {
		if o.rights == nil {
			return refuse(PaperStrange)
		}
		by, tagKey = o, bytes.Clone(o.tagKey)
		paper, err = p.open(ctx, itself{o, s})
		return err
	})
	defer clear(tagKey)
	if err != nil {
		return err
	}
	paper.Person = func(iin eds.IIN) uuid.UUID { return personOf(tagKey, iin) }
	now := k.config.Now()
	facts, err := by.rights.Take(ctx, paper, now)
	if err != nil {
		reason := PaperStrange
		if errors.Is(err, ErrLater) {
			reason = PaperLater
		}
		no := refuse(reason).because(err)
		return errors.Join(no, k.decisions.write(decision{At: now, What: "paper", Answer: "refuse", Why: string(no.reason), Case: p.Case}, false))
	}
	return k.within(func(o *opened, _ state) error {
		if o != by {
			return ErrSealed // and unsealed meanwhile: it is shown again
		}
		for _, fact := range facts {
			if err := k.withdrawn.addOnce(fact, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p SealedPaper) open(ctx context.Context, own itself) (Paper, error) {
	keys, err := vault.Connect(ctx, own)
	if err != nil {
		return Paper{}, err
	}
	out := Paper{Case: p.Case, Ended: p.Ended}
	if out.Content, err = p.Content.open(ctx, keys); err != nil {
		return out, refuse(PaperStrange).because(err)
	}
	for _, list := range []struct {
		from []Object
		to   *[][]byte
	}{{p.Signatures, &out.Signatures}, {p.Evidence, &out.Evidence}} {
		for _, one := range list.from {
			plain, err := one.open(ctx, keys)
			if err != nil {
				return out, refuse(PaperStrange).because(err)
			}
			*list.to = append(*list.to, plain)
		}
	}
	return out, nil
}

func (o Object) open(ctx context.Context, own *vault.Keys) ([]byte, error) {
	if o.Where == (vault.Where{}) {
		return o.Bytes, nil
	}
	return own.Open(ctx, o.Where, o.Bytes)
}

// itself is the keeper as its own keeper, for papers that it must read to judge. What
// they say stays in this process.
type itself struct {
	*opened
	state
}

func (i itself) Intake(context.Context) (vault.Intake, error) {
	key, err := i.key(i.Epoch, i.Epoch)
	if err != nil {
		return vault.Intake{}, err
	}
	return vault.Intake{Epoch: i.Epoch, Key: key.PublicKey().Bytes()}, nil
}

func (i itself) TagKey(context.Context) ([]byte, error) { return i.tagKey, nil }

func (i itself) Unwrap(_ context.Context, asks []vault.Ask) ([][]byte, error) {
	return i.unwrap(asks, i.Epoch)
}
