package gost3410

import "testing"

// Signatures made by gost-engine 3.0.1 under OpenSSL 3.0.22 with keys of id-tc26-
// gost-3410-2012-512-paramSetA made for the purpose. The keys and digests travel as
// ours; a signature is the octets of the Russian profile (RFC 9215), the most
// significant first and s before r, and has to be turned around as a whole.
var engineSignatures = []struct{ key, digest, signature string }{
	{
		key: "6578e7261ba450fd2c9cb6371d46a06f95dc7e45bbf78d3a08f9f154d289d891" +
			"de89ed27d30bda07d52b8de2c98f99d19489913a1a6123dde95ff37f45e979f1" +
			"13412f328118933919e6a9880e60c5ec657b36ef960fa3634d37e7cdc5bff4d4" +
			"afe86edd7d99aa6abe0bebb4cb75ab94696c7b87ca7e7c09a1a6c1219e29acd5",
		digest: "9fad26d65ce353ecbcef57c6264150c17580af6347f424d2a834c35ba15efc90" +
			"acfa1d8ea74e65e6061cb2ed89633d787f7d8a510112ab12156aa113bd6caadb",
		signature: "8a58cf4142051f646b46da4f4b1d637546ba18f3171a8cea79a42b5bb39a556e" +
			"62fb4dcb53f9ee94023cb65cb6636f94a06f7fdc0e3b45742ec447020ed31d9d" +
			"3c46b42da643b47fa7de2cc22d9525aa759090d673321664d85ab06f9ccc6db0" +
			"be961befa1e32d8251d1d02b9475413528d17e65000a4f28aecf12f7c6baaf81",
	},
	{
		key: "c3912b62e7ee1550f56a95f13b67c9ab00e8fd208d3086457951319f2bc82b0b" +
			"682726e5f804f32ae5b02b43324c3d81ba41f989bb219b7f47d77dfd87ac99f5" +
			"28dbf6ad3a1e4b9114073d82a77052cf2cce84f4696acd694b7b49e3b52bea7e" +
			"d09dd26f73d719804929e8c447bcd922756f6d80e8150441ec1fdd49bed1eba3",
		digest: "de31f006b000be328a0c2ee441a40092156c1359ade90b8d209bfb4c6d3374f8" +
			"894c7e75e3dea654a87f8781ff35ebe14ae548cae3e0a2fa2d8c892ddcc14f8f",
		signature: "0eb90a4f1267b4396f21f0082db32e94e73bd86e9fade8d070b5210180b14bb1" +
			"f3688f7271d682fe228a87902b0082b4ab61014398bd1a3f2e02b748508fb0cc" +
			"246ed7a98be4c59a1f8eb15195a6350c2fa6f25a67a39728b3e0d36e646f5d2b" +
			"b6b138bf03a42133d7df1f18f341beb4e2eed70c9ff64c2fde13e17cbe49650a",
	},
}

func TestSignaturesOfGostEngineAreAcceptedTurnedAround(t *testing.T) {
	for _, remembered := range []bool{false, true} {
		for _, s := range engineSignatures {
			key, digest, sig := mustParse(t, unhex(s.key)), unhex(s.digest), reversed(unhex(s.signature))
			if remembered {
				key.Remember()
			}
			if !key.Verify(digest, sig) {
				t.Errorf("remembered %t: a signature is refused", remembered)
			}
			if key.Verify(digest, reversed(sig)) {
				t.Errorf("remembered %t: the Russian order of octets is accepted", remembered)
			}
			for bit := 0; bit < 8*signatureSize; bit += 11 {
				if key.Verify(digest, flipped(sig, bit)) {
					t.Errorf("remembered %t: bit %d of the signature may be changed", remembered, bit)
				}
			}
			for bit := 0; bit < 8*digestSize; bit += 11 {
				if key.Verify(flipped(digest, bit), sig) {
					t.Errorf("remembered %t: bit %d of the digest may be changed", remembered, bit)
				}
			}
		}
	}
}
