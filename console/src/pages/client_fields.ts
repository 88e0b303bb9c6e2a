// What the form of a client has, in groups.
import type { GroupSpec, Row } from '../fields';
import { plain } from '../format';
import { inWords } from '../interval';

export interface ClientForm {
	choices: Record<string, string[]>;
	settings: Record<string, string | null>;
	issuer: { issuer: string; default_alg: string } | null;
	resources: { resource: string; resource_name: string | null; scopes: string[] | null; enabled: boolean }[];
}

const AUTH: Record<string, string> = {
	client_secret_basic: 'a secret (Basic or in the form)', client_secret_post: 'a secret in the form', client_secret_jwt: 'a JWT signed by its secret', private_key_jwt: 'a JWT signed by its key',
	tls_client_auth: 'a certificate of a known name', self_signed_tls_client_auth: 'a certificate of its own', none: 'nothing (public)',
};
const PROFILES: Record<string, string> = { oauth2: 'OAuth 2.0', oauth21: 'OAuth 2.1', fapi2: 'FAPI 2.0 Security Profile', 'fapi2-message-signing': 'FAPI 2.0 Message Signing' };

/** the last part of a URN reads better */
const grantName = (grant: string) => grant.replace(/^urn:ietf:params:oauth:grant-type:/, '').replace(/^urn:openid:params:grant-type:/, '');

const said = (value: string | null | undefined) => (value ? `${inWords(value)} where nothing is said` : undefined);

/** the fields of a form; those that it does not know go by the JSON at its end */
export function clientGroups({ choices, settings, issuer, resources }: ClientForm, row?: Row): GroupSpec[] {
	const unsaid = (text: string): [string, string] => ['', text];
	const named = (list: string[] | undefined, names: Record<string, string>) => (list ?? []).map((v): [string, string] => [v, names[v] ? `${names[v]} – ${v}` : v]);
	return [
		{
			legend: 'What it is', fields: [
				{ name: 'client_id', label: 'Client id', kind: 'text', fixed: true, required: true, hint: 'What it names itself by; unique among all issuers, and never changed.' },
				{ name: 'client_name', label: 'Name', kind: 'text', hint: 'What people read when they are asked for consent.' },
				{ name: 'client_type', label: 'Type', kind: 'choice', fixed: true, default: 'confidential', options: [['confidential', 'Confidential: runs on a server, and proves who it is'], ['public', 'Public: runs in a browser or on its user’s device']] },
				{ name: 'application_type', label: 'Runs', kind: 'choice', member: true, default: '', options: [unsaid('web (a server or a browser)'), ['native', 'native (installed on its user’s device)'], ...(row ? [['web', 'web, said so'] as [string, string]] : [])] },
				{ name: 'profile', label: 'Rules', kind: 'choice', default: '', options: [...(row ? [] : [unsaid('OAuth 2.1 where it fits, else 2.0')]), ...named(choices.profile, PROFILES)], hint: 'FAPI asks for a key or certificate, pushed requests and bound tokens.' },
			],
		},
		{
			legend: 'Where its users come back', fields: [
				{ name: 'redirect_uris', label: 'Redirect URIs', kind: 'lines', empty: true, hint: 'One a line: https, http on loopback, or a private scheme with a dot.', placeholder: 'https://app.example/callback' },
				{ name: 'post_logout_redirect_uris', label: 'After signing out', kind: 'lines', member: true, hint: 'One a line.' },
			],
		},
		{
			legend: 'What it may ask for', fields: [
				{ name: 'scopes', label: 'Scopes', kind: 'words', empty: true, ...(!row && { default: 'openid profile email' }), hint: 'Separated by blanks; offline_access is the box below.' },
				{ name: 'offline_access', label: 'Refresh tokens (offline_access)', kind: 'boolean', hint: 'Its users stay signed in: each refresh rotates the token, and reuse ends the family.' },
				{ name: 'grant_types', label: 'Grants', kind: 'many', member: true, options: (choices.grant_types ?? []).filter((g) => g !== 'refresh_token').map((g): [string, string] => [g, grantName(g)]), hint: 'None: the authorization code alone.' },
				{ name: 'resources', label: 'APIs', kind: 'many', options: resources.map((r): [string, string] => [r.resource, r.resource_name ? `${plain(r.resource_name)} – ${r.resource}` : r.resource]), hint: 'The first chosen is its default. None: every API of the issuer.' },
			],
		},
		{
			legend: 'How it proves who it is', fields: [
				{ name: 'token_endpoint_auth_method', label: 'By', kind: 'choice', member: true, default: '', options: [unsaid('a secret, or nothing where it is public'), ...named(choices.token_endpoint_auth_method, AUTH)] },
				{ name: 'jwks_uri', label: 'Address of its keys', kind: 'text', member: true, hint: 'jwks_uri: an https URL that the courier fetches.' },
				{ name: 'jwks', label: 'Its keys', kind: 'json', member: true, hint: 'jwks: a JWK Set of public keys.' },
				{ name: 'tls_client_auth_subject_dn', label: 'Name in its certificate', kind: 'text', member: true },
				{ name: 'dpop_bound_access_tokens', label: 'Tokens are bound to a key (DPoP)', kind: 'boolean', member: true, hint: 'Who steals a token cannot use it.' },
				{ name: 'tls_client_certificate_bound_access_tokens', label: 'Tokens are bound to its certificate', kind: 'boolean', member: true },
				{ name: 'require_pkce', label: 'Requires PKCE', kind: 'boolean', member: true, default: true },
				{ name: 'require_pushed_authorization_requests', label: 'Requires pushed requests', kind: 'boolean', member: true },
			],
		},
		{
			legend: 'How long things live', folded: true, fields: [
				{ name: 'access_token_lifetime', label: 'Access token', kind: 'interval', placeholder: said(settings.access_token_lifetime), hint: '10 seconds to 1 day.' },
				{ name: 'refresh_absolute_lifetime', label: 'Family, from its beginning', kind: 'interval', placeholder: said(settings.refresh_absolute_lifetime), hint: 'For families that begin from now on.' },
				{ name: 'refresh_idle_lifetime', label: 'Family, without a refresh', kind: 'interval', placeholder: said(settings.refresh_idle_lifetime), hint: 'For families that begin from now on.' },
				{ name: 'rotation', label: 'Rotation', kind: 'choice', default: '', options: [...(row ? [] : [unsaid('always, but for FAPI')]), ['always', 'each refresh gives a new token'], ['never', 'the same token stays (confidential clients)']] },
				{ name: 'retry_window', label: 'Retry window', kind: 'interval', placeholder: said(settings.retry_window_confidential), hint: 'How long an answer that got lost may be asked for again; 0: never.' },
				{ name: 'retry_limit', label: 'Retries per rotation', kind: 'number', placeholder: 'any number' },
				{ name: 'lockstep_generations', label: 'Generations in lockstep', kind: 'number', placeholder: settings.lockstep_generations ? `${settings.lockstep_generations} where nothing is said` : undefined, hint: 'So many running from two contexts are reuse; 0: never.' },
				{ name: 'max_sessions', label: 'Sessions of a user', kind: 'number', member: true, placeholder: 'any number' },
				{ name: 'at_session_limit', label: 'At that limit', kind: 'choice', member: true, default: '', options: [unsaid('the oldest ends'), ...(choices.at_session_limit ?? []).map((v): [string, string] => [v, v.replaceAll('_', ' ')])] },
			],
		},
		{
			legend: 'What its users are shown', folded: true, fields: [
				{ name: 'consent_required', label: 'Users are asked for consent', kind: 'boolean', member: true, default: true },
				{ name: 'consent_lifetime', label: 'A consent holds, in seconds', kind: 'number', member: true, placeholder: said(settings.consent_lifetime), hint: '0: without end.' },
				{ name: 'logo_uri', label: 'Logo', kind: 'text', member: true, hint: 'An https URL; it is shown by the login page, not here.' },
				{ name: 'client_uri', label: 'Home page', kind: 'text', member: true },
				{ name: 'tos_uri', label: 'Terms', kind: 'text', member: true },
				{ name: 'policy_uri', label: 'Privacy', kind: 'text', member: true },
				{ name: 'contacts', label: 'Contacts', kind: 'lines', member: true, hint: 'One a line: whom to write to.' },
			],
		},
		{
			legend: 'Signatures and signing out', folded: true, fields: [
				{ name: 'signing_alg', label: 'Its tokens are signed by', kind: 'choice', default: '', options: [unsaid(`${issuer?.default_alg ?? 'the issuer’s algorithm'}, as the issuer says`), ...(choices.alg ?? [])] },
				{ name: 'subject_type', label: 'Knows its users by', kind: 'choice', member: true, default: '', options: [unsaid('the same name as all'), ...(choices.subject_type ?? []).map((v): [string, string] => [v, v === 'pairwise' ? 'a name of its own (pairwise)' : 'the same name as all, said so'])] },
				{ name: 'backchannel_logout_uri', label: 'Told of sign-outs at', kind: 'text', member: true },
				{ name: 'frontchannel_logout_uri', label: 'Shown at sign-outs', kind: 'text', member: true },
				{ name: 'initiate_login_uri', label: 'Begins a login at', kind: 'text', member: true },
			],
		},
		{
			legend: 'Further metadata', folded: true, fields: [
				{ name: 'metadata', label: 'Members that have no field here', kind: 'rest', hint: 'A JSON object, by the names of RFC 7591 and its companions: see create_client in the reference.' },
			],
		},
	];
}
