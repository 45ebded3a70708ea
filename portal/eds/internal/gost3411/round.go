package gost3411

import "encoding/binary"

// round is one turn of the compression (RFC 6986, section 8): the state passes
// through lpsx with its key, and the key with its constant. Both are done here at
// once, word after word, because neither waits for the other and a processor has
// room for both; written out, and with the octets of the one taken from memory and
// of the other from registers, so that no single part of it is overloaded. That is
// worth two fifths of the time. The table is a parameter because the compiler then
// keeps its address in a register.
func round(state, key, constant *block, t *[8][256]uint64) {
	var s [BlockSize]byte
	binary.LittleEndian.PutUint64(s[0:], state[0]^key[0])
	binary.LittleEndian.PutUint64(s[8:], state[1]^key[1])
	binary.LittleEndian.PutUint64(s[16:], state[2]^key[2])
	binary.LittleEndian.PutUint64(s[24:], state[3]^key[3])
	binary.LittleEndian.PutUint64(s[32:], state[4]^key[4])
	binary.LittleEndian.PutUint64(s[40:], state[5]^key[5])
	binary.LittleEndian.PutUint64(s[48:], state[6]^key[6])
	binary.LittleEndian.PutUint64(s[56:], state[7]^key[7])
	k0, k1, k2, k3 := key[0]^constant[0], key[1]^constant[1], key[2]^constant[2], key[3]^constant[3]
	k4, k5, k6, k7 := key[4]^constant[4], key[5]^constant[5], key[6]^constant[6], key[7]^constant[7]

	state[0] = t[0][s[0]] ^ t[1][s[8]] ^ t[2][s[16]] ^ t[3][s[24]] ^
		t[4][s[32]] ^ t[5][s[40]] ^ t[6][s[48]] ^ t[7][s[56]]
	key[0] = t[0][byte(k0)] ^ t[1][byte(k1)] ^ t[2][byte(k2)] ^ t[3][byte(k3)] ^
		t[4][byte(k4)] ^ t[5][byte(k5)] ^ t[6][byte(k6)] ^ t[7][byte(k7)]

	state[1] = t[0][s[1]] ^ t[1][s[9]] ^ t[2][s[17]] ^ t[3][s[25]] ^
		t[4][s[33]] ^ t[5][s[41]] ^ t[6][s[49]] ^ t[7][s[57]]
	key[1] = t[0][byte(k0>>8)] ^ t[1][byte(k1>>8)] ^ t[2][byte(k2>>8)] ^ t[3][byte(k3>>8)] ^
		t[4][byte(k4>>8)] ^ t[5][byte(k5>>8)] ^ t[6][byte(k6>>8)] ^ t[7][byte(k7>>8)]

	state[2] = t[0][s[2]] ^ t[1][s[10]] ^ t[2][s[18]] ^ t[3][s[26]] ^
		t[4][s[34]] ^ t[5][s[42]] ^ t[6][s[50]] ^ t[7][s[58]]
	key[2] = t[0][byte(k0>>16)] ^ t[1][byte(k1>>16)] ^ t[2][byte(k2>>16)] ^ t[3][byte(k3>>16)] ^
		t[4][byte(k4>>16)] ^ t[5][byte(k5>>16)] ^ t[6][byte(k6>>16)] ^ t[7][byte(k7>>16)]

	state[3] = t[0][s[3]] ^ t[1][s[11]] ^ t[2][s[19]] ^ t[3][s[27]] ^
		t[4][s[35]] ^ t[5][s[43]] ^ t[6][s[51]] ^ t[7][s[59]]
	key[3] = t[0][byte(k0>>24)] ^ t[1][byte(k1>>24)] ^ t[2][byte(k2>>24)] ^ t[3][byte(k3>>24)] ^
		t[4][byte(k4>>24)] ^ t[5][byte(k5>>24)] ^ t[6][byte(k6>>24)] ^ t[7][byte(k7>>24)]

	state[4] = t[0][s[4]] ^ t[1][s[12]] ^ t[2][s[20]] ^ t[3][s[28]] ^
		t[4][s[36]] ^ t[5][s[44]] ^ t[6][s[52]] ^ t[7][s[60]]
	key[4] = t[0][byte(k0>>32)] ^ t[1][byte(k1>>32)] ^ t[2][byte(k2>>32)] ^ t[3][byte(k3>>32)] ^
		t[4][byte(k4>>32)] ^ t[5][byte(k5>>32)] ^ t[6][byte(k6>>32)] ^ t[7][byte(k7>>32)]

	state[5] = t[0][s[5]] ^ t[1][s[13]] ^ t[2][s[21]] ^ t[3][s[29]] ^
		t[4][s[37]] ^ t[5][s[45]] ^ t[6][s[53]] ^ t[7][s[61]]
	key[5] = t[0][byte(k0>>40)] ^ t[1][byte(k1>>40)] ^ t[2][byte(k2>>40)] ^ t[3][byte(k3>>40)] ^
		t[4][byte(k4>>40)] ^ t[5][byte(k5>>40)] ^ t[6][byte(k6>>40)] ^ t[7][byte(k7>>40)]

	state[6] = t[0][s[6]] ^ t[1][s[14]] ^ t[2][s[22]] ^ t[3][s[30]] ^
		t[4][s[38]] ^ t[5][s[46]] ^ t[6][s[54]] ^ t[7][s[62]]
	key[6] = t[0][byte(k0>>48)] ^ t[1][byte(k1>>48)] ^ t[2][byte(k2>>48)] ^ t[3][byte(k3>>48)] ^
		t[4][byte(k4>>48)] ^ t[5][byte(k5>>48)] ^ t[6][byte(k6>>48)] ^ t[7][byte(k7>>48)]

	state[7] = t[0][s[7]] ^ t[1][s[15]] ^ t[2][s[23]] ^ t[3][s[31]] ^
		t[4][s[39]] ^ t[5][s[47]] ^ t[6][s[55]] ^ t[7][s[63]]
	key[7] = t[0][byte(k0>>56)] ^ t[1][byte(k1>>56)] ^ t[2][byte(k2>>56)] ^ t[3][byte(k3>>56)] ^
		t[4][byte(k4>>56)] ^ t[5][byte(k5>>56)] ^ t[6][byte(k6>>56)] ^ t[7][byte(k7>>56)]
}
