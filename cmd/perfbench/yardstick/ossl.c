/*
 * The yardstick of perfbench: OpenSSL 3 with Debian's gost-engine, doing what the
 * portal does. It reads commands from stdin, a line each, and answers with a line:
 *
 *   vectors N     N lines "key message digest signature" in hex, then "end"
 *   TEST MS       runs TEST for MS milliseconds of its thread's time:
 *                 "operations nanoseconds"
 *
 * Tests: verify (GOST R 34.10-2012, 512 bits, parameter set A), digest (Streebog-512
 * over 1 MiB), rsa (RSA-2048 with SHA-256), signin-gost and signin-rsa (a CMS over
 * 1 KiB with its chain of three, and a stored OCSP answer with its responder).
 * The first line it writes is "ready", or "absent" where there is no gost-engine. What
 * fails ends the program with a message. People have keys of their own, except with
 * RSA, where making them takes long and makes no difference.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/cms.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIGNERS 64

static ENGINE *gost;

static void fail(const char *what)
{
    fprintf(stderr, "yardstick: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void need(int ok, const char *what)
{
    if (!ok)
        fail(what);
}

static long long cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void hex(const unsigned char *b, size_t n)
{
    while (n--)
        printf("%02x", *b++);
}

static EVP_PKEY *generate(int rsa)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *c = rsa ? EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL)
                          : EVP_PKEY_CTX_new_id(NID_id_GostR3410_2012_512, gost);
    need(c && EVP_PKEY_keygen_init(c) > 0, "key generation");
    if (rsa)
        need(EVP_PKEY_CTX_set_rsa_keygen_bits(c, 2048) > 0, "key length");
    else
        need(EVP_PKEY_CTX_ctrl_str(c, "paramset", "A") > 0, "parameter set");
    need(EVP_PKEY_keygen(c, &key) > 0, "key generation");
    EVP_PKEY_CTX_free(c);
    return key;
}

static const EVP_MD *hash(int rsa)
{
    const EVP_MD *md = rsa ? EVP_sha256() : EVP_get_digestbynid(NID_id_GostR3411_2012_512);
    need(md != NULL, "digest");
    return md;
}

/* Raw signatures over digests, each by a key of its own. */
struct raw {
    EVP_PKEY *key;
    EVP_PKEY_CTX *verify;
    unsigned char message[40], digest[64], signature[256];
    size_t digest_len, signature_len;
};
static struct raw raws[2][SIGNERS];

static void raw_make(int rsa)
{
    for (int i = 0; i < SIGNERS; i++) {
        struct raw *r = &raws[rsa][i];
        if (r->key)
            return;
        r->signature_len = sizeof r->signature;
        unsigned int len = 0;
        RAND_bytes(r->message, sizeof r->message);
        need(EVP_Digest(r->message, sizeof r->message, r->digest, &len, hash(rsa), NULL), "digest");
        r->digest_len = len;
        /* An RSA key takes long to make, and which it is does not matter. */
        r->key = rsa && i ? raws[1][0].key : generate(rsa);
        EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(r->key, rsa ? NULL : gost);
        need(c && EVP_PKEY_sign_init(c) > 0 && EVP_PKEY_CTX_set_signature_md(c, hash(rsa)) > 0 &&
             EVP_PKEY_sign(c, r->signature, &r->signature_len, r->digest, r->digest_len) > 0, "signing");
        EVP_PKEY_CTX_free(c);
        r->verify = EVP_PKEY_CTX_new(r->key, rsa ? NULL : gost);
        need(r->verify && EVP_PKEY_verify_init(r->verify) > 0 &&
             EVP_PKEY_CTX_set_signature_md(r->verify, hash(rsa)) > 0, "verifying");
    }
}

static void raw_verify(int rsa, int i)
{
    struct raw *r = &raws[rsa][i % SIGNERS];
    need(EVP_PKEY_verify(r->verify, r->signature, r->signature_len, r->digest, r->digest_len) == 1, "signature");
}

static void vectors(int n)
{
    raw_make(0);
    for (int i = 0; i < n; i++) {
        struct raw *r = &raws[0][i % SIGNERS];
        unsigned char *spki = NULL;
        int len = i2d_PUBKEY(r->key, &spki);
        need(len > 0, "public key");
        hex(spki, len);
        putchar(' ');
        hex(r->message, sizeof r->message);
        putchar(' ');
        hex(r->digest, r->digest_len);
        putchar(' ');
        hex(r->signature, r->signature_len);
        putchar('\n');
        OPENSSL_free(spki);
    }
    puts("end");
}

static void digest(void)
{
    static unsigned char message[1 << 20], out[64];
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    need(EVP_DigestInit_ex(c, hash(0), NULL) && EVP_DigestUpdate(c, message, sizeof message) &&
         EVP_DigestFinal_ex(c, out, NULL), "digest");
    EVP_MD_CTX_free(c);
}

/* A hierarchy: root, issuer, responder, and people with a CMS and an answer each. */
struct hierarchy {
    X509_STORE *store;
    unsigned char *cms[SIGNERS], *ocsp[SIGNERS];
    int cms_len[SIGNERS], ocsp_len[SIGNERS];
};
static struct hierarchy hierarchies[2];

static void extend(X509 *c, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX v;
    X509V3_set_ctx(&v, issuer, c, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &v, nid, value);
    need(e && X509_add_ext(c, e, -1), "extension");
    X509_EXTENSION_free(e);
}

static X509 *certify(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *by, int rsa, const char *purpose)
{
    static long serial;
    X509 *c = X509_new();
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c));
    need(X509_set_pubkey(c, key), "public key");
    extend(c, issuer ? issuer : c, NID_basic_constraints, purpose ? "critical,CA:FALSE" : "critical,CA:TRUE");
    extend(c, issuer ? issuer : c, NID_key_usage, purpose ? "critical,digitalSignature,nonRepudiation" : "critical,keyCertSign,cRLSign");
    extend(c, issuer ? issuer : c, NID_subject_key_identifier, "hash");
    extend(c, issuer ? issuer : c, NID_authority_key_identifier, "keyid");
    if (purpose)
        extend(c, issuer, NID_ext_key_usage, purpose);
    need(X509_sign(c, by, hash(rsa)), "signing a certificate");
    return c;
}

static void message(struct hierarchy *h, int i, X509 *c, EVP_PKEY *key, X509 *issuer, int rsa)
{
    static unsigned char content[1024];
    STACK_OF(X509) *others = sk_X509_new_null();
    sk_X509_push(others, issuer);
    BIO *in = BIO_new_mem_buf(content, sizeof content);
    CMS_ContentInfo *m = CMS_sign(NULL, NULL, others, NULL, CMS_PARTIAL | CMS_BINARY);
    need(m && CMS_add1_signer(m, c, key, hash(rsa), CMS_NOSMIMECAP) &&
         CMS_final(m, in, NULL, CMS_BINARY), "signing a message");
    need((h->cms_len[i] = i2d_CMS_ContentInfo(m, &h->cms[i])) > 0, "message");
    CMS_ContentInfo_free(m);
    BIO_free(in);
    sk_X509_free(others);
}

static void answer(struct hierarchy *h, int i, X509 *c, X509 *issuer, X509 *responder, EVP_PKEY *key, int rsa)
{
    OCSP_BASICRESP *b = OCSP_BASICRESP_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, 0), *next = X509_gmtime_adj(NULL, 3600);
    need(OCSP_basic_add1_status(b, OCSP_cert_to_id(EVP_sha256(), c, issuer), V_OCSP_CERTSTATUS_GOOD, 0, NULL, now, next) &&
         OCSP_basic_sign(b, responder, key, hash(rsa), NULL, 0), "signing an answer");
    OCSP_RESPONSE *r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
    need((h->ocsp_len[i] = i2d_OCSP_RESPONSE(r, &h->ocsp[i])) > 0, "answer");
    OCSP_RESPONSE_free(r);
    OCSP_BASICRESP_free(b);
    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
}

static void signin_make(int rsa)
{
    struct hierarchy *h = &hierarchies[rsa];
    if (h->store)
        return;
    EVP_PKEY *rk = generate(rsa), *ik = generate(rsa), *ok = generate(rsa), *person = generate(rsa);
    X509 *root = certify("root", rk, NULL, rk, rsa, NULL);
    X509 *issuer = certify("issuer", ik, root, rk, rsa, NULL);
    X509 *responder = certify("responder", ok, issuer, ik, rsa, "OCSPSigning");
    h->store = X509_STORE_new();
    X509_STORE_add_cert(h->store, root);
    for (int i = 0; i < SIGNERS; i++) {
        EVP_PKEY *key = rsa ? person : generate(0);
        X509 *c = certify("person", key, issuer, ik, rsa, "emailProtection");
        message(h, i, c, key, issuer, rsa);
        answer(h, i, c, issuer, responder, ok, rsa);
        X509_free(c);
    }
}

static void signin(int rsa, int i)
{
    struct hierarchy *h = &hierarchies[rsa];
    i %= SIGNERS;
    const unsigned char *p = h->cms[i];
    CMS_ContentInfo *m = d2i_CMS_ContentInfo(NULL, &p, h->cms_len[i]);
    BIO *out = BIO_new(BIO_s_mem());
    need(m && CMS_verify(m, NULL, h->store, NULL, out, CMS_BINARY) == 1, "message");
    STACK_OF(X509) *certs = CMS_get1_certs(m);

    p = h->ocsp[i];
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, h->ocsp_len[i]);
    OCSP_BASICRESP *b = OCSP_response_get1_basic(r);
    need(b && OCSP_basic_verify(b, certs, h->store, 0) == 1, "answer");
    int status = OCSP_single_get0_status(OCSP_resp_get0(b, 0), NULL, NULL, NULL, NULL);
    need(status == V_OCSP_CERTSTATUS_GOOD, "status");

    OCSP_BASICRESP_free(b);
    OCSP_RESPONSE_free(r);
    sk_X509_pop_free(certs, X509_free);
    BIO_free(out);
    CMS_ContentInfo_free(m);
}

static void run(const char *test, int ms)
{
    int rsa = strstr(test, "rsa") != NULL;
    int kind = !strcmp(test, "digest") ? 0 : !strncmp(test, "signin", 6) ? 1 : 2;
    if (kind == 1)
        signin_make(rsa);
    if (kind == 2)
        raw_make(rsa);
    long long start = cpu(), spent;
    int n = 0;
    do {
        if (kind == 0)
            digest();
        else if (kind == 1)
            signin(rsa, n);
        else
            raw_verify(rsa, n);
        n++;
        spent = cpu() - start;
    } while (spent < ms * 1000000LL);
    printf("%d %lld\n", n, spent);
}

int main(void)
{
    char line[80], test[64];
    int n;
    ENGINE_load_builtin_engines();
    gost = ENGINE_by_id("gost");
    if (!gost || !ENGINE_init(gost) || !ENGINE_set_default(gost, ENGINE_METHOD_ALL)) {
        puts("absent");
        return 0;
    }
    OPENSSL_add_all_algorithms_conf();
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%60s %d", test, &n) != 2)
            fail("command not understood");
        if (!strcmp(test, "vectors"))
            vectors(n);
        else
            run(test, n);
        fflush(stdout);
    }
    return 0;
}
