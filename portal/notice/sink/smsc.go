package sink

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"zharia/portal/notice"
)

// SMSC is an operator of SMS. It reads and writes SMPP 3.4 by itself, so that what the
// sender's library and the sender took wrong it does not take wrong with them.
type SMSC struct {
	Shelf    *Shelf
	Password string                       // "": any will do
	Answer   func(n int, to string) Fault // how it takes the n-th submit_sm, from 1; nil: well
	Delay    time.Duration                // before a receipt
	Bind     uint32                       // how it answers a bind; 0: well
	Deaf     bool                         // it says nothing to enquire_link

	listener net.Listener
	ended    sync.WaitGroup
	end      sync.Once

	mu        sync.Mutex
	lines     map[*smscLine]bool
	n, binds  int
	beats     int
	refused   int // receipts that were to be brought again
	parts     map[string]map[byte]string
	closed    chan struct{}
	validity  []string
	addresses [][2]byte
}

// Fault is how a message is taken.
type Fault int

// The ways. Lost takes it and sends a receipt that it did not arrive; Mute takes it and
// sends none; Cut breaks the line before answering, when the message is already taken.
const (
	Well Fault = iota
	Lost
	Mute
	Throttled
	BadNumber
	Broken
	Silent
	Cut
)

// The commands and statuses of SMPP 3.4 that are spoken here.
const (
	bindTransceiver = 0x00000009
	submitSM        = 0x00000004
	deliverSM       = 0x00000005
	unbind          = 0x00000006
	enquireLink     = 0x00000015
	response        = 0x80000000
	genericNack     = 0x80000000

	badCommand  = 0x00000003
	systemError = 0x00000008
	badAddress  = 0x0000000B
	badPassword = 0x0000000E
	throttled   = 0x00000058
)

// Listen begins to serve on an address.
func (s *SMSC) Listen(addr string) (err error) {
	if s.listener, err = net.Listen("tcp", addr); err != nil {
		return err
	}
	s.lines, s.parts, s.closed = map[*smscLine]bool{}, map[string]map[byte]string{}, make(chan struct{})
	s.ended.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			l := &smscLine{s: s, conn: conn, asked: map[uint32]chan uint32{}}
			s.mu.Lock()
			s.lines[l] = true
			s.mu.Unlock()
			s.ended.Go(l.serve)
		}
	})
	return nil
}

// Addr is where it listens.
func (s *SMSC) Addr() string { return s.listener.Addr().String() }

// Drop breaks all lines; new ones are taken.
func (s *SMSC) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.lines {
		l.conn.Close()
	}
}

// Close ends it.
func (s *SMSC) Close() error {
	err := s.listener.Close()
	s.end.Do(func() { close(s.closed) })
	s.Drop()
	s.ended.Wait()
	return err
}

// Counts are how many binds, beats of the line and receipts that were to come again there
// were, and how many lines there are now.
func (s *SMSC) Counts() (binds, beats, again, lines int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.binds, s.beats, s.refused, len(s.lines)
}

// Asked lists the validity periods that came, and the kinds (TON, NPI) of recipients.
func (s *SMSC) Asked() (validity []string, kinds [][2]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(validity, s.validity...), append(kinds, s.addresses...)
}

// smscLine is one connection.
type smscLine struct {
	s    *SMSC
	conn net.Conn

	mu    sync.Mutex
	last  uint32
	asked map[uint32]chan uint32 // deliver_sm that wait for an answer
}

const maxPDU = 16 << 10

func (l *smscLine) serve() {
	defer func() {
		l.conn.Close()
		l.s.mu.Lock()
		delete(l.s.lines, l)
		l.s.mu.Unlock()
	}()
	r := bufio.NewReader(l.conn)
	for bound := false; ; {
		var head [16]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return
		}
		size, command, status, number := word(head[0:]), word(head[4:]), word(head[8:]), word(head[12:])
		if size < 16 || size > maxPDU {
			return
		}
		body := make([]byte, size-16)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		switch {
		case command == bindTransceiver:
			if status := l.bind(body); status != 0 {
				l.write(response|command, status, number, nil)
				return
			}
			bound = true
			l.write(response|command, 0, number, []byte("SINK\x00"))
		case command == enquireLink:
			l.s.mu.Lock()
			l.s.beats++
			l.s.mu.Unlock()
			if !l.s.Deaf {
				l.write(response|command, 0, number, nil)
			}
		case command == unbind:
			l.write(response|command, 0, number, nil)
			return
		case command == submitSM && bound:
			if !l.submit(number, body) {
				return
			}
		case command == response|deliverSM:
			l.mu.Lock()
			if to, ok := l.asked[number]; ok {
				to <- status
			}
			l.mu.Unlock()
		case command&response == 0:
			l.write(genericNack, badCommand, number, nil)
		}
	}
}

func word(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

func (l *smscLine) write(command, status, number uint32, body []byte) {
	out := binary.BigEndian.AppendUint32(nil, uint32(16+len(body)))
	out = binary.BigEndian.AppendUint32(out, command)
	out = binary.BigEndian.AppendUint32(out, status)
	out = binary.BigEndian.AppendUint32(out, number)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	l.conn.Write(append(out, body...))
}

func (l *smscLine) bind(body []byte) uint32 {
	b := bytes.NewBuffer(body)
	_, err := cstring(b)
	password, e := cstring(b)
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.s.binds++
	switch {
	case l.s.Bind != 0:
		return l.s.Bind
	case err != nil || e != nil || l.s.Password != "" && password != l.s.Password:
		return badPassword
	}
	return 0
}

func cstring(b *bytes.Buffer) (string, error) {
	text, err := b.ReadString(0)
	return strings.TrimSuffix(text, "\x00"), err
}

// message is a submit_sm taken apart: SMPP 3.4, 4.4.1.
type message struct {
	from, to          string
	ton, npi          byte
	class, registered byte
	validity          string
	coding            byte
	octets            []byte
}

func parse(body []byte) (m message, err error) {
	b := bytes.NewBuffer(body)
	octet := func() byte {
		one, e := b.ReadByte()
		err = errors.Join(err, e)
		return one
	}
	text := func() string {
		s, e := cstring(b)
		err = errors.Join(err, e)
		return s
	}
	text() // service_type
	octet()
	octet()
	m.from = text()
	m.ton, m.npi = octet(), octet()
	m.to = text()
	m.class = octet()
	octet() // protocol_id
	octet() // priority_flag
	text()  // schedule_delivery_time
	m.validity = text()
	m.registered = octet()
	octet() // replace_if_present_flag
	m.coding = octet()
	octet() // sm_default_msg_id
	n := int(octet())
	m.octets = b.Next(n)
	if err == nil && (len(m.octets) != n || b.Len() > 0) {
		err = errors.New("sink: the length of a message is not what it says")
	}
	return m, err
}

// units are the octets as UCS-2, and what the header says of the part: which, of how many.
func (m message) units() (text string, ref, total, part byte, err error) {
	octets := m.octets
	total, part = 1, 1
	if m.class&0x40 != 0 {
		if len(octets) < 6 || octets[0] != 5 || octets[1] != 0 || octets[2] != 3 {
			return "", 0, 0, 0, errors.New("sink: a header of parts that no phone knows")
		}
		ref, total, part = octets[3], octets[4], octets[5]
		octets = octets[6:]
	}
	if m.coding != 8 || len(m.octets) > 140 || len(octets)%2 != 0 || part == 0 || part > total {
		return "", 0, 0, 0, errors.New("sink: no phone shows this")
	}
	units := make([]uint16, len(octets)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(octets[2*i:])
	}
	return string(utf16.Decode(units)), ref, total, part, nil
}

// submit takes a message; false breaks the line.
func (l *smscLine) submit(number uint32, body []byte) bool {
	s := l.s
	m, err := parse(body)
	if err != nil {
		l.write(response|submitSM, systemError, number, nil)
		return true
	}
	text, ref, total, part, err := m.units()
	if err != nil {
		l.write(response|submitSM, systemError, number, nil)
		return true
	}
	s.mu.Lock()
	s.n++
	n := s.n
	s.validity, s.addresses = append(s.validity, m.validity), append(s.addresses, [2]byte{m.ton, m.npi})
	s.mu.Unlock()
	fault := Well
	if s.Answer != nil {
		fault = s.Answer(n, m.to)
	}
	switch fault {
	case Throttled:
		l.write(response|submitSM, throttled, number, nil)
		return true
	case BadNumber:
		l.write(response|submitSM, badAddress, number, nil)
		return true
	case Broken:
		l.write(response|submitSM, systemError, number, nil)
		return true
	case Silent:
		return true
	}
	id := fmt.Sprintf("%08X", 0xA0+n)
	s.take(m, id, text, ref, total, part)
	if fault == Cut {
		return false
	}
	l.write(response|submitSM, 0, number, []byte(id+"\x00"))
	if m.registered&1 != 0 && fault != Mute {
		s.ended.Go(func() { s.receipt(m, id, fault == Well) })
	}
	return true
}

// take keeps a message when all its parts are there, as a phone does.
func (s *SMSC) take(m message, id, text string, ref, total, part byte) {
	s.mu.Lock()
	key := fmt.Sprint(m.to, " ", ref, " ", total)
	if s.parts[key] == nil {
		s.parts[key] = map[byte]string{}
	}
	s.parts[key][part] = text
	all := s.parts[key]
	whole := len(all) == int(total)
	if whole {
		delete(s.parts, key)
	}
	s.mu.Unlock()
	if !whole {
		return
	}
	var out strings.Builder
	for i := byte(1); i <= total; i++ {
		out.WriteString(all[i])
	}
	s.Shelf.put(Taken{Channel: notice.SMS, To: "+" + m.to, From: m.from, Text: out.String(), Ref: id, Parts: int(total)})
}

// receipt brings a receipt on any line there is, again and again until it is taken.
func (s *SMSC) receipt(m message, id string, arrived bool) {
	stat, count := "DELIVRD", 1
	if !arrived {
		stat, count = "UNDELIV", 0
	}
	at := time.Now().Format("0601021504")
	text := fmt.Sprintf("id:%s sub:001 dlvrd:%03d submit date:%s done date:%s stat:%s err:000 text:", id, count, at, at, stat)
	body := []byte("\x00\x01\x01" + m.to + "\x00\x05\x00" + m.from + "\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00" + string([]byte{byte(len(text))}) + text)
	for wait := s.Delay; ; wait = 200 * time.Millisecond {
		select {
		case <-s.closed:
			return
		case <-time.After(wait):
		}
		s.mu.Lock()
		var l *smscLine
		for one := range s.lines {
			l = one
		}
		s.mu.Unlock()
		if l == nil {
			continue
		}
		answer := make(chan uint32, 1)
		l.mu.Lock()
		l.last++
		number := l.last
		l.asked[number] = answer
		l.mu.Unlock()
		l.write(deliverSM, 0, number, body)
		status := uint32(1)
		select {
		case status = <-answer:
		case <-s.closed:
		case <-time.After(2 * time.Second):
		}
		l.mu.Lock()
		delete(l.asked, number)
		l.mu.Unlock()
		if status == 0 {
			return
		}
		s.mu.Lock()
		s.refused++
		s.mu.Unlock()
	}
}
