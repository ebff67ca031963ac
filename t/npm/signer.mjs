// Wallets and identity providers made by others' code, for tests: reads a JSON object a line, answers with one a line.
//   {"op": "wallet"}                                  a new wallet: {"wallet": number, "address"}
//   {"op": "sign", "wallet", "message"}               personal_sign: {"signature"}
//   {"op": "key", "kid", "alg", "bits"?}              a new key pair (RS256, ES256 …): {"jwk"}, the public half
//   {"op": "token", "key": kid, "claims", "header"?}  a signed JWT: {"token"}; header is laid over {"alg", "kid"}
//   {"op": "confused", "key": kid, "claims"}          HS256 with the text of the RSA public key as the secret
//   {"op": "unsigned", "claims", "header"?}           alg none
import { createInterface } from 'node:readline';
import { Wallet } from 'ethers';
import { SignJWT, UnsecuredJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';

const wallets = [];
const keys = new Map();

const operations = {
	wallet() {
		wallets.push(Wallet.createRandom());
		return { wallet: wallets.length - 1, address: wallets.at(-1).address };
	},
	async sign({ wallet, message }) {
		return { signature: await wallets[wallet].signMessage(message) };
	},
	async key({ kid, alg, bits }) {
		const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true, ...(bits ? { modulusLength: bits } : {}) });
		keys.set(kid, { alg, publicKey, privateKey });
		return { jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
	},
	async token({ key, claims, header }) {
		const { alg, privateKey } = keys.get(key);
		return { token: await new SignJWT(claims).setProtectedHeader({ alg, kid: key, ...header }).sign(privateKey) };
	},
	async confused({ key, claims }) {
		const secret = new TextEncoder().encode(await exportSPKI(keys.get(key).publicKey));
		return { token: await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: key }).sign(secret) };
	},
	unsigned({ claims }) {
		return { token: new UnsecuredJWT(claims).encode() };
	},
};

for await (const line of createInterface({ input: process.stdin })) {
	const request = JSON.parse(line);

	try {
		console.log(JSON.stringify(await operations[request.op](request)));
	} catch (error) {
		console.log(JSON.stringify({ error: String(error) }));
	}
}
