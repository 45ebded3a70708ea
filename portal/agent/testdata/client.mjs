// The public client of NCALayer talks to our agent: node client.mjs FOLDER ADDRESS WHAT.
// What came is written as JSON: {"version", "result"} or {"version", "error", "cancelled"}.
import { createRequire } from "node:module";

const [folder, address, what] = process.argv.slice(2);
const { NCALayerClient } = createRequire(folder + "/")("ncalayer-js-client");
const one = Buffer.from("one").toString("base64");
const two = Buffer.from("two").toString("base64");
const any = NCALayerClient.basicsSignerTestAny;

const asked = {
  attached: (c) => c.basicsSignCMS(null, one, NCALayerClient.basicsCMSParamsAttached, any, "kk"),
  detached: (c) => c.basicsSignCMS(null, one, NCALayerClient.basicsCMSParamsDetached, any, "kk"),
  unstamped: (c) => c.basicsSignCMS(null, one, NCALayerClient.basicsCMSParamsDetachedNoTSP, any, "kk"),
  digest: (c) => c.basicsSignCMS(null, one, NCALayerClient.basicsCMSParamsDetachedHash, any, "kk"),
  array: (c) => c.basicsSignCMS(null, [one, two], NCALayerClient.basicsCMSParamsDetached, any, "kk"),
  xml: (c) => c.basicsSignXML(null, "<a/>", NCALayerClient.basicsXMLParams, any, "kk"),
  tokens: (c) => c.getActiveTokens(),
  older: (c) => c.createCAdESFromBase64("PKCS12", one, "SIGNATURE", true),
  olderStamped: (c) => c.createCMSSignatureFromBase64("PKCS12", one, "SIGNATURE", false),
};

const client = new NCALayerClient(address, false);
const said = { version: await client.connect() };
try {
  said.result = await asked[what](client);
} catch (error) {
  said.error = error.message;
  said.cancelled = error.canceledByUser === true;
}
console.log(JSON.stringify(said));
process.exit(0); // the client keeps its socket open
