// Runs in the browser, on the pages of both examples: the form that has
// data-webauthn is filled in by the user's authenticator before it is sent.
//   {"create": {...}}  the options of navigator.credentials.create()
//   {"get": {...}}     what the challenge endpoint answered as public_key
// Byte strings are base64url there, and in the form's fields.
const decode = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
	.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

async function register(options) {
	const credential = await navigator.credentials.create({ publicKey: { ...options, challenge: decode(options.challenge),
		user: { ...options.user, id: decode(options.user.id) } } });
	return { credential_id: encode(credential.rawId), alg: credential.response.getPublicKeyAlgorithm(),
		public_key: encode(credential.response.getPublicKey()) };
}

async function prove(options) {
	const credential = await navigator.credentials.get({ publicKey: { ...options, challenge: decode(options.challenge),
		allowCredentials: options.allowCredentials.map((credential) => ({ ...credential, id: decode(credential.id) })) } });
	const { clientDataJSON, authenticatorData, signature } = credential.response;
	return { id: encode(credential.rawId), client_data_json: encode(clientDataJSON),
		authenticator_data: encode(authenticatorData), signature: encode(signature) };
}

const form = document.querySelector('form[data-webauthn]');
form.addEventListener('submit', async (event) => {
	event.preventDefault();
	const { create, get } = JSON.parse(form.dataset.webauthn);
	try {
		const fields = create ? await register(create) : await prove(get);
		for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
		form.submit();
	} catch (error) {
		form.querySelector('[role=alert]').textContent = `That did not work: ${error.name}`;
	}
});
