// Wallets and identity tokens made by others' code, for tests.
// usage: node identity.mjs wallet KEY [MESSAGE]        {"address", "signature"?}: personal_sign of the wallet with this private key
//        node identity.mjs oidc CLAIMS [CLAIMS…]       {"jwk", "tokens": […]}: a new RS256 key and a token for each set of claims
import { Wallet } from 'ethers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const [kind, ...rest] = process.argv.slice(2);

if (kind === 'wallet') {
	const wallet = new Wallet(rest[0]);

	console.log(JSON.stringify({ address: wallet.address, signature: rest.length > 1 ? await wallet.signMessage(rest[1]) : undefined }));
} else if (kind === 'oidc') {
	const { publicKey, privateKey } = await generateKeyPair('RS256');
	const jwk = { ...(await exportJWK(publicKey)), kid: 'test', use: 'sig', alg: 'RS256' };
	const tokens = [];

	for (const claims of rest) {
		tokens.push(await new SignJWT(JSON.parse(claims)).setProtectedHeader({ alg: 'RS256', kid: 'test' }).setIssuedAt().setExpirationTime('10m').sign(privateKey));
	}
	console.log(JSON.stringify({ jwk, tokens }));
} else {
	console.error('usage: identity.mjs wallet|oidc …');
	process.exit(2);
}
