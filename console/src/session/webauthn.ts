// A passkey or security key proves itself.  Byte strings are base64url at the issuer.
const decode = (text: string) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const encode = (buffer: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
	.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

interface Options {
	challenge: string;
	allowCredentials: { id: string; type: 'public-key' }[];
}

/** @param options public_key of the challenge endpoint's answer */
export async function proveKey(options: Options): Promise<Record<string, string>> {
	const credential = await navigator.credentials.get({ publicKey: { ...options, challenge: decode(options.challenge),
		allowCredentials: options.allowCredentials.map((one) => ({ ...one, id: decode(one.id) })) } });
	if (!(credential instanceof PublicKeyCredential)) throw new Error('The browser gave no key.');
	const { clientDataJSON, authenticatorData, signature } = credential.response as AuthenticatorAssertionResponse;
	return { id: encode(credential.rawId), client_data_json: encode(clientDataJSON),
		authenticator_data: encode(authenticatorData), signature: encode(signature) };
}
