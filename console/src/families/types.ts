// What the console's functions about families answer.
export interface Context {
	ip?: string;
	user_agent?: string;
	[member: string]: unknown;
}

export interface Summary {
	grant_id: string;
	state: 'active' | 'idle' | 'expired' | 'revoked' | 'forgotten' | 'unknown';
	client_id: string | null;
	client_name: string | null;
	issuer: string | null;
	subject: string | null;
	scope: string | null;
	grant_type: string | null;
	generation: number | null;
	created_at: string | null;
	rotated_at: string | null;
	ends_at: string | null;
	revoked_at: string | null;
	revoke_reason: string | null;
	first_address: string | null;
	last_address: string | null;
	device: string | null;
}

export interface Family extends Summary {
	resources?: string[];
	session_id: string | null;
	auth_time: string | null;
	acr: string | null;
	amr: string[] | null;
	mfa_time: string | null;
	retry_count: number;
	blacklisted_generation: number | null;
	jkt: string | null;
	x5t_s256: string | null;
	act: Record<string, unknown> | null;
	ancestors: string[] | null;
	expires_at: string;
	idle_expires_at: string | null;
	idle_lifetime: number | null;
	claims: Record<string, unknown> | null;
	authorization_details: unknown;
	changed_at: string | null;
	not_before: string | null;
	context: Context;
	first_context: Context;
	client: {
		client_type: string | null; enabled: boolean | null; profile: string | null; rotation: string | null;
		retry_window: number | null; retry_limit: number | null; lockstep_generations: number | null;
	};
	consent: { resource: string; scopes: string[]; state: string; granted_at: string; updated_at: string; expires_at: string | null }[] | null;
	block: { blocked_at: string; blocked_until: string | null; reason: string | null; blocked_by: string } | null;
}

export interface Entry {
	kind: 'issue' | 'refresh' | 'retry' | 'refusal' | 'reuse' | 'revoke' | 'event';
	event_id: string;
	at: string;
	presented: number | null;
	reason: string | null;
	context: Context | null;
	device: string | null;
	/** of an answer */
	generation?: number;
	retry?: number;
	jti?: string;
	scope?: string;
	resources?: string[];
	access_expires_at?: string;
	refresh_expires_at?: string | null;
	client_auth_method?: string | null;
	client_secret_id?: string | null;
	judged?: boolean;
	/** of an event */
	event?: string;
	role_name?: string;
}

export interface Found {
	text: string;
	client: { client_id: string; client_name: string | null; issuer: string; enabled: boolean } | null;
	subject: boolean;
	session: boolean;
	grant_id?: string;
	family?: boolean;
	event?: boolean;
	request?: boolean;
	generation?: number;
	address?: string;
}

export interface Refusal {
	event_id: string;
	at: string;
	event: string;
	reason: string | null;
	sentence: string | null;
	client_id: string | null;
	subject: string | null;
	grant_id: string | null;
	address: string | null;
	device: string | null;
}

export const isAnswer = ({ kind }: Entry) => kind === 'issue' || kind === 'refresh' || kind === 'retry';
