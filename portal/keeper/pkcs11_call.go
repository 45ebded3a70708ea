//go:build hsm && cgo

package keeper

/*
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>

// The list of functions as PKCS#11 orders it (2.40, section 5), and the two places of
// it that are asked here.
enum { LOGIN = 18, DECRYPT = 34, FUNCTIONS = 68 };
typedef struct { unsigned char version[2]; void *f[FUNCTIONS]; } functions;
typedef unsigned long (*get_list)(functions **);
typedef unsigned long (*log_in)(unsigned long, unsigned long, unsigned char *, unsigned long);
typedef unsigned long (*decrypt)(unsigned long, unsigned char *, unsigned long, unsigned char *, unsigned long *);

// The library is loaded already: nothing is loaded here.
static void *function(const char *library, int which) {
	void *loaded = dlopen(library, RTLD_LAZY | RTLD_NOLOAD), *found = NULL;
	if (loaded == NULL) return NULL;
	get_list get = (get_list)dlsym(loaded, "C_GetFunctionList");
	functions *list = NULL;
	if (get != NULL && get(&list) == 0 && list != NULL) found = list->f[which];
	dlclose(loaded);
	return found;
}

static unsigned long call_login(void *f, unsigned long session, unsigned long user, unsigned char *pin, unsigned long size) {
	return ((log_in)f)(session, user, pin, size);
}

static unsigned long call_decrypt(void *f, unsigned long session, unsigned char *in, unsigned long size, unsigned char *out, unsigned long *room) {
	return ((decrypt)f)(session, in, size, out, room);
}
*/
import "C"

import (
	"unsafe"

	"github.com/miekg/pkcs11"
)

// Two calls are made without the driver. It would copy the PIN and the root into memory
// of C and free that uncleared; here both stand only where the keeper clears them.

// logIn is C_Login of the token's user.
func logIn(library string, session pkcs11.SessionHandle, pin []byte) error {
	f := functionOf(library, C.LOGIN)
	if f == nil || len(pin) == 0 {
		return pkcs11.Error(pkcs11.CKR_FUNCTION_NOT_SUPPORTED)
	}
	return codeOf(C.call_login(f, C.ulong(session), pkcs11.CKU_USER, (*C.uchar)(&pin[0]), C.ulong(len(pin))))
}

// decryptInto is C_Decrypt after C_DecryptInit.
func decryptInto(library string, session pkcs11.SessionHandle, box []byte) ([]byte, error) {
	f := functionOf(library, C.DECRYPT)
	if f == nil {
		return nil, pkcs11.Error(pkcs11.CKR_FUNCTION_NOT_SUPPORTED)
	}
	if len(box) == 0 {
		return nil, pkcs11.Error(pkcs11.CKR_ENCRYPTED_DATA_LEN_RANGE)
	}
	out := make([]byte, len(box)+gcmTag/8)
	room := C.ulong(len(out))
	if err := codeOf(C.call_decrypt(f, C.ulong(session), (*C.uchar)(&box[0]), C.ulong(len(box)), (*C.uchar)(&out[0]), &room)); err != nil {
		clear(out)
		return nil, err
	}
	if int(room) > len(out) {
		return nil, pkcs11.Error(pkcs11.CKR_GENERAL_ERROR)
	}
	return out[:room], nil
}

func functionOf(library string, which C.int) unsafe.Pointer {
	path := C.CString(library)
	defer C.free(unsafe.Pointer(path))
	return C.function(path, which)
}

func codeOf(code C.ulong) error {
	if code == pkcs11.CKR_OK {
		return nil
	}
	return pkcs11.Error(code)
}
