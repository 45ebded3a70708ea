/* A PKCS#11 library that is SoftHSM, but for the troubles that SoftHSM does not have.
   Which one, HSM_TROUBLE says. SoftHSM's own library is at HSM_REAL. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long rv;
typedef rv (*any)();

/* Places in the list of functions, in the order of the standard (PKCS#11 2.40, 5). */
enum { LIST = 3, TOKEN_INFO = 6, LOGIN = 18, DECRYPT = 34, FUNCTIONS = 68 };
struct functions { unsigned char version[2]; any f[FUNCTIONS]; };

static struct functions ours, *real;

static int trouble(const char *name) {
	const char *is = getenv("HSM_TROUBLE");
	return is != NULL && strcmp(is, name) == 0;
}

/* CK_TOKEN_INFO begins with 32 + 32 + 16 + 16 characters; then come the flags. */
static rv token_info(unsigned long slot, char *info) {
	rv r = real->f[TOKEN_INFO](slot, info);
	unsigned long *flags = (unsigned long *)(info + 96);
	if (trouble("last try")) *flags |= 0x20000;
	if (trouble("locked before")) *flags |= 0x40000;
	if (trouble("no pin yet")) *flags &= ~0x8UL;
	return r;
}

static rv login(unsigned long session, unsigned long user, char *pin, unsigned long size) {
	if (trouble("locked now")) return 0xA4;  /* CKR_PIN_LOCKED */
	if (trouble("expired")) return 0xA3;     /* CKR_PIN_EXPIRED */
	if (trouble("unplugged")) return 0x32;   /* CKR_DEVICE_REMOVED */
	return real->f[LOGIN](session, user, pin, size);
}

static rv decrypt(unsigned long session, char *in, unsigned long size, char *out, unsigned long *had) {
	if (trouble("unplugged in the midst")) return 0x32;
	if (trouble("another root")) return 0x42;        /* CKR_AEAD_DECRYPT_FAILED, of PKCS#11 3.0 */
	if (trouble("another root, older")) return 0xC0; /* CKR_SIGNATURE_INVALID */
	if (trouble("hangs") && out != NULL) while (trouble("hangs")) usleep(10000);
	return real->f[DECRYPT](session, in, size, out, had);
}

rv C_GetFunctionList(struct functions **list) {
	if (real == NULL) {
		void *library = dlopen(getenv("HSM_REAL"), RTLD_NOW);
		any get = library == NULL ? NULL : (any)dlsym(library, "C_GetFunctionList");
		if (get == NULL || get(&real) != 0) return 5;
		ours = *real;
		ours.f[LIST] = (any)C_GetFunctionList;
		ours.f[TOKEN_INFO] = (any)token_info;
		ours.f[LOGIN] = (any)login;
		ours.f[DECRYPT] = (any)decrypt;
	}
	*list = &ours;
	return 0;
}
